"""Golden files: what an architecture with known random weights gives, and its gradient, at a few sampled places.

The truth is JAX in double precision. ONNX Runtime in single precision has to agree with it before a file is written,
and the input is chosen so that no value lies near a kink, where rounding alone would decide on the gradient.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np
import onnx
import onnxruntime

from convlens import jax_model
from convlens.catalogue import Entry
from convlens.errors import UserError
from convlens.kinks import margin
from convlens.model import Model, Shape
from convlens.model_file import write_model
from convlens.onnx_export import export_onnx
from convlens.random_model import random_model
from convlens.random_numbers import uniform

WEIGHTS_SEED = 1
SAMPLES = 256
_STRIDE = 7919
_SEEDS = 64
_AMPLE_MARGIN = 4e-6
FORWARD_TOLERANCE = 1e-5

Arrays = dict[str, np.ndarray]


def golden_model(entry: Entry) -> Model:
    """The random network that an architecture's golden file is about."""
    return random_model(entry, WEIGHTS_SEED, entry.golden.get("size"), entry.golden.get("parameters"))


def golden_inputs(model: Model, seed: int) -> Arrays:
    """Images of uniform numbers named "input/<name>"; a vector is 3/4 of its element 1 and 1/4 of its element 4."""
    inputs: Arrays = {}
    for spec in model.inputs:
        shape: Shape = (1, *spec["shape"])
        if spec["kind"] == "image":
            inputs[spec["name"]] = uniform(f"input/{spec['name']}", seed, shape)
        else:
            inputs[spec["name"]] = np.zeros(shape, np.float32)
            inputs[spec["name"]].ravel()[[1, 4]] = 0.75, 0.25
    return inputs


def relative_error(found: np.ndarray, expected: np.ndarray) -> float:
    """Greatest difference, relative to the greatest value expected."""
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def _session(model: Model, outputs: list[str]) -> onnxruntime.InferenceSession:
    proto = export_onnx(model)
    del proto.graph.output[:]
    proto.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in outputs)
    return onnxruntime.InferenceSession(proto.SerializeToString())


def best_seed(model: Model) -> int:
    """The seed whose input stays farthest from all kinks, or the first that stays far enough."""
    inputs = {spec["name"] for spec in model.inputs}
    before_kinks = {layer.inputs[0] for layer in model.layers if layer.op in ("relu", "max_pool2d")} - inputs
    names = sorted(before_kinks)
    session = _session(model, names)
    margins: dict[int, float] = {}
    for seed in range(1, _SEEDS + 1):
        values = golden_inputs(model, seed)
        values |= dict(zip(names, session.run(names, values), strict=True))
        margins[seed] = margin(model, values)
        if margins[seed] >= _AMPLE_MARGIN:
            break
    return max(margins, key=lambda seed: margins[seed])


def evaluate(model: Model, inputs: Arrays, functional: np.ndarray, dtype: Any) -> tuple[Arrays, Arrays]:
    """All layers' values, and the gradients of sum(functional * output) to the inputs."""

    def objective(given: Mapping[str, Any]) -> tuple[jax.Array, dict[str, jax.Array]]:
        values = jax_model.run(model, given, dtype)
        return (values[model.output] * functional.astype(dtype)).sum(), values

    given = {name: np.asarray(value, dtype) for name, value in inputs.items()}
    gradients, values = jax.grad(objective, has_aux=True)(given)
    return {n: np.asarray(v) for n, v in values.items()}, {n: np.asarray(v) for n, v in gradients.items()}


def make_golden(entry: Entry) -> dict[str, Any]:
    """The golden file of an architecture, as JSON. A UserError says which implementation disagreed."""
    jax.config.update("jax_enable_x64", True)
    model = golden_model(entry)
    seed = best_seed(model)
    inputs = golden_inputs(model, seed)
    shape = jax.eval_shape(lambda given: jax_model.run(model, given)[model.output], inputs).shape
    functional = uniform("functional", seed, shape)
    values, gradients = evaluate(model, inputs, functional, np.float64)
    _cross_check(entry.name, model, inputs, values[model.output])
    with tempfile.TemporaryDirectory() as folder:
        write_model(Path(folder) / "model", model)
        digest = hashlib.sha256((Path(folder) / "model" / "model.bin").read_bytes()).hexdigest()
    return {
        "architecture": entry.name,
        "size": entry.golden.get("size"),
        "parameters": entry.golden.get("parameters", {}),
        "weights_seed": WEIGHTS_SEED,
        "model_bin_sha256": digest,
        "seed": seed,
        "inputs": {name: {"shape": list(v.shape), "first": _numbers(v.ravel()[:4])} for name, v in inputs.items()},
        "functional": {"shape": list(shape), "first": _numbers(functional.ravel()[:4])},
        "margin": float(f"{margin(model, values):.2g}"),
        "output": {"layer": model.output, **_sampled(values[model.output])},
        "gradients": {name: _sampled(gradient) for name, gradient in gradients.items()},
    }


def _cross_check(name: str, model: Model, inputs: Arrays, output: np.ndarray) -> None:
    found = _session(model, [model.output]).run(None, inputs)[0]
    if not (error := relative_error(found, output)) <= FORWARD_TOLERANCE:
        raise UserError(f"{name}: ONNX Runtime's output differs from JAX's by {error:.1e}")


def _sampled(values: np.ndarray) -> dict[str, Any]:
    """Up to SAMPLES values with their flat indices, and the greatest magnitude of all."""
    count = values.size
    indices = np.arange(count) if count <= SAMPLES else np.sort(np.arange(SAMPLES) * _STRIDE % count)
    flat = values.ravel()
    return {
        "shape": list(values.shape),
        "max_abs": float(f"{np.abs(flat).max():.9g}"),
        "indices": indices.tolist(),
        "values": _numbers(flat[indices]),
    }


def _numbers(values: np.ndarray) -> list[float]:
    return [float(f"{v:.9g}") for v in values]
