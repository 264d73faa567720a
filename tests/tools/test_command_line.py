"""The commands: what they print, and how they end."""

from __future__ import annotations

import functools
import hashlib
import http.server
import json
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import torch_files
from onnx import save
from onnx_graphs import GraphBuilder

from convlens import catalogue, fetch
from convlens.model_file import read_model
from convlens.random_model import random_model
from convlens.readers import read_tensors


def _command(repository: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    name, *rest = map(str, arguments)
    command = [sys.executable, str(repository / "tools" / name), *rest]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def test_list(repository: Path) -> None:
    done = _command(repository, "get_model.py", "--list")
    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == catalogue.names()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("get_model.py", "resnet19"), "no architecture 'resnet19'; near it are resnet"),
        (("get_model.py", "johnson_style"), "convert a file you have with tools/convert.py"),
        (("get_model.py",), "a name is missing"),
        (("convert.py", "nothing.pth", "--architecture", "alexnet"), "nothing.pth cannot be read"),
        (("convert.py", "nothing.npz"), "say what it is with --architecture"),
        (("convert.py", "nothing.onnx"), "nothing.onnx"),
    ],
)
def test_mistakes_end_with_2_and_a_sentence(repository: Path, arguments: tuple[str, ...], message: str) -> None:
    done = _command(repository, *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_convert_onnx(repository: Path, tmp_path: Path) -> None:
    g = GraphBuilder(1, 3, 8, 8)
    save(g.add("Conv", g.constant(2, 3, 3, 3)).add("Relu").model(), tmp_path / "tiny.onnx")
    (tmp_path / "names.txt").write_text("cat\ndog\n")
    arguments = ["--input", "torchvision_imagenet", "--classes", tmp_path / "names.txt", "--out", tmp_path / "tiny"]
    done = _command(repository, "convert.py", tmp_path / "tiny.onnx", *arguments)
    assert done.returncode == 0, done.stderr
    model = read_model(tmp_path / "tiny")
    assert model.classes == ["cat", "dog"]
    assert model.inputs[0]["shape"] == [3, 8, 8]
    assert model.inputs[0]["std"] == [0.229, 0.224, 0.225]


def test_a_published_url_becomes_a_model(tmp_path: Path) -> None:
    """From a server's .pth file to a model, by the same steps as get_model.py."""
    entry = catalogue.load("cifar_resnet20")
    plan, made = entry.plan(entry.schemes[0], {}), random_model(entry, 1)
    document = {f"module.{plan.published[own]}": torch_files.whole(own, v) for own, v in made.tensors.items()}
    (tmp_path / "site").mkdir()
    torch_files.write_legacy(tmp_path / "site" / "resnet20.th", {"state_dict": document, "best_prec1": 91.7})
    digest = hashlib.sha256((tmp_path / "site" / "resnet20.th").read_bytes()).hexdigest()
    handler = functools.partial(_QuietHandler, directory=tmp_path / "site")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        source = {"url": f"http://127.0.0.1:{server.server_address[1]}/resnet20.th", "sha256": digest[:8]}
        path = fetch.fetch(source, tmp_path / "cache")
        server.shutdown()
    model, _ = entry.assemble(read_tensors(path))
    for name, values in made.tensors.items():
        np.testing.assert_array_equal(model.tensors[name], values)


class _QuietHandler(http.server.SimpleHTTPRequestHandler):
    """A file server that does not log."""

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


def test_random_model_is_the_golden_files(repository: Path, tmp_path: Path) -> None:
    """Made anew, a random network has the bytes that the golden file was made with."""
    golden = json.loads((repository / "tests/golden/squeezenet1_1.json").read_text())
    done = _command(repository, "make_random_model.py", "squeezenet1_1", "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    document = json.loads((tmp_path / "squeezenet1_1" / "model.json").read_text())
    assert document["binary"]["sha256"] == golden["model_bin_sha256"]
    assert document["inputs"][0]["shape"] == golden["inputs"]["image"]["shape"][1:]
