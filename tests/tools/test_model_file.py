"""The model format's writer and reader."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from convlens.errors import UserError
from convlens.model import Layer, Model
from convlens.model_file import ALIGNMENT, read_model, write_model

INPUT = {
    "name": "image", "kind": "image", "shape": [3, 8, 8], "channel_order": "rgb", "range": [0, 1],
    "mean": [0, 0, 0], "std": [1, 1, 1], "resize": "bilinear", "crop": 1,
}  # fmt: skip


def small_model() -> Model:
    """A convolution and a linear layer with random weights."""
    random = np.random.default_rng(0)
    layers = [
        Layer("conv/1", "conv2d", ["image"], {"out_channels": 5, "kernel_size": 3}, {"weight": "w", "bias": "b"}),
        Layer("fc", "linear", ["conv/1"], {"out_features": 2, "bias": False}, {"weight": "fc.w"}),
    ]
    tensors = {"w": (5, 3, 3, 3), "b": (5,), "fc.w": (2, 180)}
    values = {name: random.normal(size=shape).astype(np.float32) for name, shape in tensors.items()}
    return Model("small", [INPUT], layers, "fc", values, ["cat", "dög"], "for tests")


@pytest.mark.parametrize("dtype", ["f32", "f16"])
def test_round_trip(tmp_path: Path, dtype: str) -> None:
    model = small_model()
    write_model(tmp_path / "m", model, dtype)
    back = read_model(tmp_path / "m")
    assert (back.layers, back.inputs, back.classes) == (model.layers, model.inputs, model.classes)
    for name, values in model.tensors.items():
        expected = values if dtype == "f32" else values.astype(np.float16).astype(np.float32)
        np.testing.assert_array_equal(back.tensors[name], expected)


def test_layout_of_the_binary(tmp_path: Path) -> None:
    model = small_model()
    write_model(tmp_path / "m", model)
    document = json.loads((tmp_path / "m/model.json").read_text(encoding="utf-8"))
    data = (tmp_path / "m/model.bin").read_bytes()
    assert document["binary"]["bytes"] == len(data)
    end = 0
    for name, entry in document["tensors"].items():
        assert entry["offset"] % ALIGNMENT == 0
        assert not any(data[end : entry["offset"]])
        end = entry["offset"] + model.tensors[name].nbytes
        assert data[entry["offset"] : end] == model.tensors[name].tobytes()


@pytest.mark.parametrize(
    ("defect", "message"),
    [
        (lambda m: m.tensors.pop("b"), "'b' is missing"),
        (lambda m: m.tensors.update(b=np.zeros(4, np.float32)), r"'b' has the shape \[4\], expected \[5\]"),
        (lambda m: m.tensors.update(b=np.full(5, np.nan, np.float32)), "'b' holds a number that is not finite"),
        (lambda m: m.tensors.update(x=np.zeros(4, np.float32)), "'x' belongs to no layer"),
        (lambda m: m.layers[1].inputs.__setitem__(0, "conv"), "'fc': its input 'conv' is no earlier layer"),
        (lambda m: m.layers[0].params.update(strid=2), "conv2d has no parameter 'strid'"),
        (lambda m: m.layers[0].params.pop("kernel_size"), "'kernel_size' of conv2d is missing"),
        (lambda m: m.layers[0].params.update(kernel_size=9), "a window of 9 does not fit"),
        (lambda m: m.layers[0].weights.pop("bias"), "'conv/1' has the weights"),
        (lambda m: m.classes.append("bird"), "3 class names for 2 channels"),
        (lambda m: setattr(m, "output", "softmax"), "'softmax' is no layer"),
    ],
)
def test_defects_are_refused_and_leave_nothing(tmp_path: Path, defect: object, message: str) -> None:
    model = small_model()
    defect(model)  # type: ignore[operator]
    with pytest.raises(UserError, match=message):
        write_model(tmp_path / "m", model)
    assert not list(tmp_path.iterdir())


def test_a_number_that_f16_cannot_hold(tmp_path: Path) -> None:
    model = small_model()
    model.tensors["b"][0] = 1e6
    with pytest.raises(UserError, match="'b' holds a number that does not fit into f16"):
        write_model(tmp_path / "m", model, "f16")
    assert not list(tmp_path.iterdir())


def test_replacing_keeps_the_old_model_on_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_model(tmp_path / "m", small_model())
    before = (tmp_path / "m/model.json").read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            write_model(tmp_path / "m", small_model(), "f16")
    assert [p.name for p in tmp_path.iterdir()] == ["m"]
    assert (tmp_path / "m/model.json").read_bytes() == before
    write_model(tmp_path / "m", small_model(), "f16")
    assert [p.name for p in tmp_path.iterdir()] == ["m"]
    assert (tmp_path / "m/model.json").read_bytes() != before


def test_a_folder_with_other_things_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m/diary.txt").write_text("mine")
    with pytest.raises(UserError, match="in the way"):
        write_model(tmp_path / "m", small_model())
    assert [p.name for p in tmp_path.iterdir()] == ["m"]
    assert (tmp_path / "m/diary.txt").read_text() == "mine"


def test_reader_notices_an_altered_binary(tmp_path: Path) -> None:
    write_model(tmp_path / "m", small_model())
    path = tmp_path / "m/model.bin"
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    with pytest.raises(UserError, match="sha256"):
        read_model(tmp_path / "m")
