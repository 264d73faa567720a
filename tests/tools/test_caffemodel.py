"""The reader of Caffe's files, on files made by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from convlens import catalogue
from convlens.errors import UserError
from convlens.random_model import random_model
from convlens.readers import read_tensors


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _layer(name: str, *blobs: np.ndarray) -> bytes:
    body = _field(1, name.encode()) + _field(2, b"Convolution")
    for values in blobs:
        shape = _field(1, b"".join(map(_varint, values.shape)))
        body += _field(7, _field(7, shape) + _field(5, values.astype("<f4").tobytes()))
    return _field(100, body)


def _v1_layer(name: str, *blobs: np.ndarray) -> bytes:
    body = _field(4, name.encode()) + _field(5, 4)
    for values in blobs:
        sizes = [1] * (4 - values.ndim) + list(values.shape)
        shape = b"".join(_field(1 + i, size) for i, size in enumerate(sizes))
        # Not packed: every number is a field of its own.
        numbers = b"".join(_varint(5 << 3 | 5) + v.tobytes() for v in values.astype("<f4").ravel())
        body += _field(6, shape + numbers)
    return _field(2, body)


WEIGHT = np.arange(2 * 3 * 3 * 3, dtype=np.float32).reshape(2, 3, 3, 3)
BIAS = np.array([300.0, -1.5], np.float32)


def test_both_generations_of_layers(tmp_path: Path) -> None:
    path = tmp_path / "x.caffemodel"
    path.write_bytes(_field(1, b"net") + _layer("a/b", WEIGHT, BIAS) + _layer("relu") + _v1_layer("old", WEIGHT, BIAS))
    tensors = read_tensors(path)
    assert list(tensors) == ["a/b/0", "a/b/1", "old/0", "old/1"]
    np.testing.assert_array_equal(tensors["a/b/0"], WEIGHT)
    np.testing.assert_array_equal(tensors["a/b/1"], BIAS)
    np.testing.assert_array_equal(tensors["old/0"], WEIGHT)
    np.testing.assert_array_equal(tensors["old/1"], BIAS.reshape(1, 1, 1, 2))


def _expect_the_same_back(path: Path, entry: catalogue.Entry, **write: Callable[..., bytes]) -> None:
    """A random network of the catalogue, written as a .caffemodel by each operator's function, and assembled again."""
    made = random_model(entry, 1)
    layers = [
        write[layer.op](layer.name, made.tensors[layer.weights["weight"]], made.tensors[layer.weights["bias"]])
        for layer in made.layers
        if layer.op in write
    ]
    path.write_bytes(b"".join(layers))
    model, scheme = entry.assemble(read_tensors(path))
    assert scheme.name == "caffemodel"
    for name, values in made.tensors.items():
        np.testing.assert_array_equal(model.tensors[name], values)


def test_googlenet(tmp_path: Path) -> None:
    """Files as BVLC's become the catalogue's network; the linear layer has a shape of four in old ones."""
    entry = catalogue.load("bvlc_googlenet")
    _expect_the_same_back(tmp_path / "bvlc_googlenet.caffemodel", entry, conv2d=_layer, linear=_v1_layer)


def test_deepsim(tmp_path: Path) -> None:
    """Files as the authors', but narrower, become the catalogue's generator; its last layer is no file's business."""
    family = json.loads((catalogue.CATALOGUE / "deepsim.json").read_text())
    narrow = catalogue.Entry("narrow", {**family, "parameters": {"width": 2}}, family["models"]["deepsim_fc6"])
    _expect_the_same_back(tmp_path / "generator.caffemodel", narrow, linear=_layer, conv_transpose2d=_layer)


@pytest.mark.parametrize("keep", [0.4, 0.9])
def test_cut_off(tmp_path: Path, keep: float) -> None:
    data = _layer("a", WEIGHT, BIAS)
    (tmp_path / "x.caffemodel").write_bytes(data[: int(len(data) * keep)])
    with pytest.raises(UserError, match=r"x\.caffemodel: it is cut off"):
        read_tensors(tmp_path / "x.caffemodel")


def test_no_weights(tmp_path: Path) -> None:
    (tmp_path / "x.caffemodel").write_bytes(_field(1, b"net"))
    with pytest.raises(UserError, match="no layer with weights"):
        read_tensors(tmp_path / "x.caffemodel")
