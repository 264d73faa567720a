"""The golden files, the generator behind them, and the measure of how near a kink an input comes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from convlens import catalogue
from convlens.golden import FORWARD_TOLERANCE, golden_inputs, golden_model
from convlens.kinks import margin
from convlens.model import Layer, Model
from convlens.onnx_export import export_onnx
from convlens.random_numbers import fnv1a, uniform

GOLDEN = Path(__file__).resolve().parents[1] / "golden"


def test_every_architecture_has_a_golden_file() -> None:
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(catalogue.names())


def _split_mix(key: int, index: int) -> float:
    """The formula of random_numbers.py in plain integers."""
    mask = (1 << 64) - 1
    z = (key + (index + 1) * 0x9E3779B97F4A7C15) & mask
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & mask
    z = (z ^ z >> 27) * 0x94D049BB133111EB & mask
    z ^= z >> 31
    return (z >> 40) / 2**23 - 1


def test_generator() -> None:
    assert fnv1a("") == 0xCBF29CE484222325
    assert fnv1a("a") == 0xAF63DC4C8601EC8C
    key = fnv1a("conv1.weight") ^ (3 * 0x9E3779B97F4A7C15 & ((1 << 64) - 1))
    values = uniform("conv1.weight", 3, (50, 20)).ravel()
    assert values.dtype == np.float32
    assert [float(v) for v in values] == [_split_mix(key, i) for i in range(1000)]
    assert abs(values.mean()) <= 0.05
    assert abs(values.std() - 3**-0.5) <= 0.02


@pytest.mark.parametrize("name", ["squeezenet1_1", "efficientnet_lite0", "johnson_style", "conditional_style26"])
def test_golden_output_against_onnx_runtime(name: str) -> None:
    golden = json.loads((GOLDEN / f"{name}.json").read_text())
    model = golden_model(catalogue.load(name))
    inputs = golden_inputs(model, golden["seed"])
    for key, values in inputs.items():
        np.testing.assert_array_equal(values.ravel()[:4], np.float32(golden["inputs"][key]["first"]))
    expected = golden["output"]
    found = onnxruntime.InferenceSession(export_onnx(model).SerializeToString()).run(None, inputs)[0]
    assert list(found.shape) == expected["shape"]
    error = np.abs(found.ravel()[expected["indices"]] - expected["values"]).max() / expected["max_abs"]
    assert error <= FORWARD_TOLERANCE


def _kink_model(op: str, **params: object) -> Model:
    spec = {"name": "image", "kind": "image", "shape": [1, 2, 2]}
    return Model("m", [spec], [Layer("y", op, ["image"], dict(params))], "y")


def test_margin() -> None:
    x = np.array([1.0, -0.5, 2.0, 6.25]).reshape(1, 1, 2, 2)
    rms = np.sqrt(np.mean(x**2))
    assert margin(_kink_model("relu"), {"image": x}) == pytest.approx(0.5 / rms)
    assert margin(_kink_model("relu", max_value=6.0), {"image": x}) == pytest.approx(0.25 / rms)
    tie = np.array([1.0, 0.75, 0.5, 0.0]).reshape(1, 1, 2, 2)
    pool = _kink_model("max_pool2d", kernel_size=2)
    assert margin(pool, {"image": tie}) == pytest.approx(0.25 / np.sqrt(np.mean(tie**2)))
    # Equal maxima are copies of one value; their gradient has the same way to go.
    copies = np.array([1.0, 1.0, 0.5, 0.0]).reshape(1, 1, 2, 2)
    assert margin(pool, {"image": copies}) == pytest.approx(0.5 / np.sqrt(np.mean(copies**2)))
