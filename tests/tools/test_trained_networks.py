"""Trained networks, where there are any: converted, they classify photos and paint as they must."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from convlens import catalogue
from convlens.classes import read_class_names
from convlens.image_input import load_image
from convlens.model import Model
from convlens.onnx_export import export_onnx
from convlens.onnx_import import import_onnx
from convlens.readers import read_tensors


def _run(model: Model, **inputs: np.ndarray) -> np.ndarray:
    return onnxruntime.InferenceSession(export_onnx(model).SerializeToString()).run(None, inputs)[0]


def _top(model: Model, classes: list[str], photo: Path, count: int) -> set[str]:
    scores = _run(model, image=load_image(photo, model.inputs[0])).ravel()
    return {classes[i].split(",")[0] for i in scores.argsort()[::-1][:count]}


@pytest.mark.parametrize(
    ("architecture", "file"), [("bvlc_googlenet", "bvlc_googlenet.npz"), ("squeezenet1_1", "squeezenet_v1.1.npz")]
)
def test_imagenet_classifiers(shared: Path, architecture: str, file: str) -> None:
    model, scheme = catalogue.load(architecture).assemble(read_tensors(shared / "weights" / file))
    assert scheme.name == "caffe"
    classes = read_class_names(shared / "weights" / "imagenet_synset_words.txt")
    assert len(classes) == 1000
    assert _top(model, classes, shared / "images" / "dog.jpg", 1) == {"golden retriever"}
    assert _top(model, classes, shared / "images" / "hot_dog.jpg", 1) == {"hotdog"}
    assert _top(model, classes, shared / "images" / "cat.jpg", 3) == {"Egyptian cat", "tiger cat", "tabby"}


def test_cifar_classifier(shared: Path) -> None:
    model, _ = catalogue.load("cifar_resnet20").assemble(read_tensors(shared / "weights" / "cifar10_resnet20.pth"))
    classes = read_class_names(catalogue.CATALOGUE / "classes" / "cifar10.json")
    assert _top(model, classes, shared / "images" / "cat.jpg", 1) == {"cat"}
    assert _top(model, classes, shared / "images" / "dog.jpg", 1) == {"dog"}


def test_vgg19_convolutions(shared: Path) -> None:
    """The authors' Caffe weights, which are fed with BGR from 0 to 255 and end at the last pool."""
    model, scheme = catalogue.load("vgg19").assemble(read_tensors(shared / "weights" / "vgg19_conv.npz"))
    assert (scheme.name, model.output, model.inputs[0]["channel_order"]) == ("caffe_convolutions", "pool5", "bgr")
    features = _run(model, image=load_image(shared / "images" / "dog.jpg", model.inputs[0]))
    assert features.shape == (1, 512, 7, 7)
    # A trained network's last features are sparse, and in Caffe's range of pixels they reach into the hundreds.
    assert np.mean(features > 0) <= 0.5
    assert 50 <= features.max() <= 1000


@pytest.mark.parametrize("name", ["candy", "la_muse", "mosaic", "udnie"])
def test_johnson_style(shared: Path, name: str) -> None:
    """Converted as a graph and by the catalogue, a style net paints what ONNX Runtime paints with the original."""
    path = shared / "weights" / f"{name}.onnx"
    graph = import_onnx(path)
    spec = graph.inputs[0]
    assert (spec["channel_order"], spec["range"], spec["shape"]) == ("bgr", [0, 255], [3, 720, 720])
    fed = load_image(shared / "images" / "tubingen.jpg", spec)
    pixels = fed + np.float32(spec["mean"]).reshape(1, 3, 1, 1)
    expected = onnxruntime.InferenceSession(path).run(None, {"inputImage": pixels})[0]
    by_name, _ = catalogue.load("johnson_style").assemble(read_tensors(path))
    for found in (_run(graph, inputImage=fed), _run(by_name, image=fed)):
        assert np.abs(found - expected).max() <= 1e-4 * np.abs(expected).max()


def test_conditional_style(shared: Path) -> None:
    file = shared / "weights" / "conditional_instance_norm_26styles.npz"
    model, _ = catalogue.load("conditional_style26").assemble(read_tensors(file))
    photo = load_image(shared / "images" / "tubingen.jpg", model.inputs[0])
    painted = [_run(model, image=photo, style=np.eye(26, dtype=np.float32)[k].reshape(1, 26, 1, 1)) for k in (0, 9)]
    assert all(image.min() >= 0 and image.max() <= 1 and image.std() > 0.1 for image in painted)
    assert np.abs(painted[0] - painted[1]).mean() > 0.1
    # The scene is still there: brightness of photo and painting go together.
    assert np.corrcoef(photo.mean(1).ravel(), painted[0].mean(1).ravel())[0, 1] > 0.5


def test_command_line(shared: Path, repository: Path, tmp_path: Path) -> None:
    convert = [sys.executable, repository / "tools" / "convert.py", shared / "weights" / "squeezenet_v1.1.npz"]
    classes = ["--classes", shared / "weights" / "imagenet_synset_words.txt"]
    done = subprocess.run([*convert, "--architecture", "squeezenet1_1", "--out", tmp_path / "s", *classes], check=False)
    assert done.returncode == 0
    assert {p.name for p in (tmp_path / "s").iterdir()} == {"model.json", "model.bin"}
    wrong = subprocess.run([*convert, "--architecture", "alexnet"], check=False, capture_output=True, text=True)
    assert wrong.returncode == 2
    assert wrong.stderr.count("\n") == 1
    assert "the file is not alexnet" in wrong.stderr
