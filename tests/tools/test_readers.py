"""Readers of weight files: what they read, and what they refuse."""

from __future__ import annotations

import os
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch_files
from safetensors.numpy import save_file

from convlens.errors import UserError
from convlens.readers import read_tensors

VALUES = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
Writer = Callable[[Path, Any], None]


@pytest.fixture(params=[torch_files.write_legacy, torch_files.write_zip], ids=["legacy", "zip"])
def write(request: pytest.FixtureRequest) -> Writer:
    """Both of torch's formats."""
    return request.param


def test_state_dict(tmp_path: Path, write: Writer) -> None:
    document = OrderedDict(a=torch_files.whole("1", VALUES), b=torch_files.whole("2", VALUES[0].astype(np.float16)))
    write(tmp_path / "x.pth", document)
    tensors = read_tensors(tmp_path / "x.pth")
    assert list(tensors) == ["a", "b"]
    np.testing.assert_array_equal(tensors["a"], VALUES)
    np.testing.assert_array_equal(tensors["b"], VALUES[0])


def test_checkpoint_with_other_things(tmp_path: Path, write: Writer) -> None:
    write(tmp_path / "x.pth", {"epoch": 3, "best": 91.5, "state_dict": OrderedDict(w=torch_files.whole("7", VALUES))})
    np.testing.assert_array_equal(read_tensors(tmp_path / "x.pth")["w"], VALUES)


def test_strides_and_offset(tmp_path: Path, write: Writer) -> None:
    storage = VALUES.ravel()
    write(tmp_path / "x.pth", {"t": torch_files.tensor("0", storage, (3, 2), (1, 3), 5)})
    np.testing.assert_array_equal(read_tensors(tmp_path / "x.pth")["t"], storage[5:11].reshape(2, 3).T)


@pytest.mark.parametrize(("shape", "strides", "offset"), [((5, 5), (5, 1), 0), ((2,), (1,), 23), ((2,), (1,), -1)])
def test_tensor_outside_its_storage(
    tmp_path: Path, write: Writer, shape: tuple[int, ...], strides: tuple[int, ...], offset: int
) -> None:
    write(tmp_path / "x.pth", {"t": torch_files.tensor("0", VALUES.ravel(), shape, strides, offset)})
    with pytest.raises(UserError, match=r"reaches to element|impossible"):
        read_tensors(tmp_path / "x.pth")


@pytest.mark.parametrize(
    ("module", "name", "arguments"),
    [
        ("os", "system", ("touch {file}",)),
        ("posix", "system", ("touch {file}",)),
        ("builtins", "eval", ("open('{file}', 'w')",)),
        ("builtins", "getattr", (1, "real")),
        ("subprocess", "Popen", (["touch", "{file}"],)),
        ("torch", "load", ("{file}",)),
        ("torch._utils", "_rebuild_tensor_v3", ()),
        ("convlens.readers.restricted_pickle", "os", ()),
    ],
)
def test_malicious_pickle(tmp_path: Path, write: Writer, module: str, name: str, arguments: tuple[Any, ...]) -> None:
    trace = tmp_path / "was_run"
    filled = tuple(a.replace("{file}", str(trace)) if isinstance(a, str) else a for a in arguments)
    write(tmp_path / "x.pth", {"w": torch_files.whole("0", VALUES), "evil": torch_files.Call(module, name, *filled)})
    with pytest.raises(UserError, match=f"{module}.{name}.*refused"):
        read_tensors(tmp_path / "x.pth")
    assert not trace.exists()


def test_the_malicious_pickle_would_run_elsewhere(tmp_path: Path) -> None:
    """Shows that the test above could fail: Python's own unpickler runs such a file."""
    trace = tmp_path / "was_run"
    pickle.loads(f"cos\nmkdir\n(V{trace}\ntR.".encode())
    assert trace.exists()
    os.rmdir(trace)


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.95])
def test_cut_off_file(tmp_path: Path, write: Writer, keep: float) -> None:
    write(tmp_path / "whole.pth", {"w": torch_files.whole("0", np.zeros(500, np.float32))})
    data = (tmp_path / "whole.pth").read_bytes()
    (tmp_path / "x.pth").write_bytes(data[: int(len(data) * keep)])
    with pytest.raises(UserError, match=r"x\.pth"):
        read_tensors(tmp_path / "x.pth")


def test_safetensors_npz_onnx(tmp_path: Path) -> None:
    save_file({"w": VALUES}, tmp_path / "x.safetensors")
    np.savez(tmp_path / "x.npz", w=VALUES)
    graph = onnx.helper.make_graph([], "g", [], [], [onnx.numpy_helper.from_array(VALUES, "w")])
    onnx.save(onnx.helper.make_model(graph), tmp_path / "x.onnx")
    for kind in ("safetensors", "npz", "onnx"):
        np.testing.assert_array_equal(read_tensors(tmp_path / f"x.{kind}")["w"], VALUES)


@pytest.mark.parametrize("kind", ["npz", "safetensors", "onnx"])
def test_other_files_cut_off(tmp_path: Path, kind: str) -> None:
    save_file({"w": VALUES}, tmp_path / "whole.safetensors")
    np.savez(tmp_path / "whole.npz", w=VALUES)
    graph = onnx.helper.make_graph([], "g", [], [], [onnx.numpy_helper.from_array(VALUES, "w")])
    onnx.save(onnx.helper.make_model(graph), tmp_path / "whole.onnx")
    data = (tmp_path / f"whole.{kind}").read_bytes()
    (tmp_path / f"x.{kind}").write_bytes(data[: len(data) * 3 // 4])
    with pytest.raises(UserError, match=rf"x\.{kind}"):
        read_tensors(tmp_path / f"x.{kind}")


def test_npz_with_pickled_objects_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", w=np.array([{"a": 1}], dtype=object))
    with pytest.raises(UserError, match=r"x\.npz.*pickle"):
        read_tensors(tmp_path / "x.npz")


def test_unknown_files(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        read_tensors(tmp_path / "missing.pth")
    (tmp_path / "x.txt").write_text("hello")
    with pytest.raises(UserError, match="no known kind"):
        read_tensors(tmp_path / "x.txt")
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("readme", "hello")
    with pytest.raises(UserError, match="no known kind"):
        read_tensors(tmp_path / "x.zip")
