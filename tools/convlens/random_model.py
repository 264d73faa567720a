"""A catalogue's network with random weights: for tests that need the architecture and no training.

Weights are scaled by He's rule to the mean square of their input, which is followed through the graph: so neither
activations nor rounding errors grow much with depth. Biases are small, so that all values keep depending on the image.
Statistics of batch norm are not 0 and 1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from convlens.catalogue import Entry
from convlens.model import Layer, Model, Shape
from convlens.operators import infer_shapes, pair
from convlens.random_numbers import uniform

_BIAS = 0.2


def random_model(
    entry: Entry, seed: int, size: int | None = None, parameters: Mapping[str, Any] | None = None
) -> Model:
    """The network at an input of size x size pixels, all its tensors a function of their names and the seed."""
    plan = entry.plan(entry.schemes[0], parameters or {})
    model = plan.model
    if size is not None:
        for spec in model.inputs:
            if spec["kind"] == "image":
                spec["shape"] = [spec["shape"][0], size, size]
    squares = {spec["name"]: 1 / 3 for spec in model.inputs}
    shapes = infer_shapes(model)
    for layer in model.layers:
        own = {role: name for role, name in layer.weights.items() if name not in plan.constants}
        inputs = [squares[name] for name in layer.inputs]
        for role, name in own.items():
            values = uniform(name, seed, shapes[layer.name].weights[role])
            model.tensors[name] = _weight(layer, role, values, inputs[0]).astype(np.float32)
        squares[layer.name] = _mean_square(layer, inputs, shapes[layer.name].inputs)
    model.tensors.update(plan.constants)
    model.description = f"{entry.name} with random weights of seed {seed}"
    model.source = model.license = ""
    return model


def _weight(layer: Layer, role: str, values: np.ndarray, square: float) -> np.ndarray:
    """A weight from uniform numbers in [-1, 1)."""
    if role == "bias":
        return _BIAS * values
    if layer.op in ("conv2d", "linear", "conv_transpose2d"):
        # Of a transposed convolution's taps, one in stride x stride meets an output pixel.
        strides = math.prod(pair(layer.params.get("stride", 1)))
        taps = values[0].size if layer.op != "conv_transpose2d" else values[:, 0].size / strides
        # The variance of the uniform distribution on [-a, a) is a^2 / 3.
        return values * math.sqrt(3 / (taps * square))
    if role == "running_mean":
        return _BIAS * values
    return 1 + (0.3 if role == "running_var" else 0.2) * values


def _mean_square(layer: Layer, inputs: list[float], shapes: list[Shape]) -> float:
    """Rough mean square of a layer's output."""
    match layer.op:
        case "conv2d" | "linear" | "conv_transpose2d" | "instance_norm" | "conditional_instance_norm":
            return 1
        case "relu":
            return inputs[0] * (1 + layer.params.get("negative_slope", 0) ** 2) / 2
        case "max_pool2d":
            return inputs[0] * 4  # the greatest of several non-negative values
        case "add":
            return sum(inputs)
        case "concat":
            return sum(q * s[1] for q, s in zip(inputs, shapes, strict=True)) / sum(s[1] for s in shapes)
        case "sigmoid" | "tanh":
            return 0.1
    return inputs[0]
