"""The operators of the format: defaults, shapes of outputs, shapes of weights (the table in docs/format.md).

The C++ code owns the operators; this mirror lets the converters check a model before anything is built.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from convlens.errors import UserError
from convlens.model import Layer, Model, Shape

Params = dict[str, Any]
REQUIRED = object()


@dataclass(frozen=True)
class Operator:
    """What the format says of one operator."""

    defaults: Params
    infer: Callable[[Params, list[Shape]], Shape]
    weights: Callable[[Params, list[Shape]], dict[str, Shape]] = lambda p, x: {}
    arity: tuple[int, int] = (1, 1)


def pair(value: int | Sequence[int]) -> tuple[int, int]:
    """Height and width; one integer stands for both."""
    if isinstance(value, int):
        return value, value
    height, width = value
    return height, width


def explicit_padding(value: Any) -> tuple[int, int, int, int]:
    """(top, left, bottom, right) of any way to write a padding but "same"."""
    if isinstance(value, int):
        return value, value, value, value
    if len(value) == 2:
        return value[0], value[1], value[0], value[1]
    top, left, bottom, right = value
    return top, left, bottom, right


def window_padding(p: Params, x: Shape) -> tuple[tuple[int, int], tuple[int, int]]:
    """((top, bottom), (left, right)) of a window operator on an input of this shape."""
    if p["padding"] != "same":
        top, left, bottom, right = explicit_padding(p["padding"])
        return (top, bottom), (left, right)
    kernel, stride, dilation = pair(p["kernel_size"]), window_stride(p), pair(p.get("dilation", 1))
    axes = []
    for axis in range(2):
        extent = dilation[axis] * (kernel[axis] - 1) + 1
        size = x[2 + axis]
        total = max((math.ceil(size / stride[axis]) - 1) * stride[axis] + extent - size, 0)
        axes.append((total // 2, total - total // 2))
    return axes[0], axes[1]


def window_stride(p: Params) -> tuple[int, int]:
    """The stride, which for a pool is the kernel's size unless given."""
    return pair(p["stride"] if p["stride"] is not None else p["kernel_size"])


def window_output(p: Params, x: Shape) -> tuple[int, int]:
    """Height and width after a sliding window, by PyTorch's rule."""
    padding, kernel, stride, dilation = (
        window_padding(p, x),
        pair(p["kernel_size"]),
        window_stride(p),
        pair(p.get("dilation", 1)),
    )
    sizes = []
    for axis in range(2):
        before, after = padding[axis]
        span = x[2 + axis] + before + after - dilation[axis] * (kernel[axis] - 1) - 1
        if span < 0:
            raise UserError(f"a window of {kernel[axis]} does not fit into {x[2 + axis]} pixels")
        size = span // stride[axis] + 1
        if p.get("ceil_mode"):
            size = -(-span // stride[axis]) + 1
            # The last window has to start inside the input or the padding before it.
            if (size - 1) * stride[axis] >= x[2 + axis] + before:
                size -= 1
        sizes.append(size)
    return sizes[0], sizes[1]


def _conv(p: Params, x: list[Shape]) -> Shape:
    return (x[0][0], p["out_channels"], *window_output(p, x[0]))


def _conv_weights(p: Params, x: list[Shape]) -> dict[str, Shape]:
    if x[0][1] % p["groups"] or p["out_channels"] % p["groups"]:
        raise UserError(f"{x[0][1]} -> {p['out_channels']} channels cannot be split into {p['groups']} groups")
    shapes: dict[str, Shape] = {"weight": (p["out_channels"], x[0][1] // p["groups"], *pair(p["kernel_size"]))}
    return shapes | ({"bias": (p["out_channels"],)} if p["bias"] else {})


def _conv_transpose(p: Params, x: list[Shape]) -> Shape:
    top, left, bottom, right = explicit_padding(p["padding"])
    kernel, stride, dilation, extra = (pair(p[k]) for k in ("kernel_size", "stride", "dilation", "output_padding"))
    sizes = (
        (x[0][2 + a] - 1) * stride[a] - total + dilation[a] * (kernel[a] - 1) + extra[a] + 1
        for a, total in enumerate((top + bottom, left + right))
    )
    return (x[0][0], p["out_channels"], *sizes)


def _conv_transpose_weights(p: Params, x: list[Shape]) -> dict[str, Shape]:
    shapes: dict[str, Shape] = {"weight": (x[0][1], p["out_channels"] // p["groups"], *pair(p["kernel_size"]))}
    return shapes | ({"bias": (p["out_channels"],)} if p["bias"] else {})


def _linear_weights(p: Params, x: list[Shape]) -> dict[str, Shape]:
    shapes: dict[str, Shape] = {"weight": (p["out_features"], math.prod(x[0][1:]))}
    return shapes | ({"bias": (p["out_features"],)} if p["bias"] else {})


def _pool(p: Params, x: list[Shape]) -> Shape:
    return (*x[0][:2], *window_output(p, x[0]))


def _same(_: Params, x: list[Shape]) -> Shape:
    return x[0]


def _number(_: Params, x: list[Shape]) -> Shape:
    """One number an image."""
    return (x[0][0], 1, 1, 1)


def _add(_: Params, x: list[Shape]) -> Shape:
    if any(shape != x[0] for shape in x):
        raise UserError(f"add needs inputs of one shape, but has {', '.join(map(str, x))}")
    return x[0]


def _concat(_: Params, x: list[Shape]) -> Shape:
    if any((s[0], s[2:]) != (x[0][0], x[0][2:]) for s in x):
        raise UserError(f"concat needs inputs that differ in channels alone, but has {', '.join(map(str, x))}")
    return (x[0][0], sum(s[1] for s in x), *x[0][2:])


def _pad(p: Params, x: list[Shape]) -> Shape:
    top, left, bottom, right = explicit_padding(p["padding"])
    n, c, h, w = x[0]
    if p["mode"] == "reflect" and (min(top, left, bottom, right) < 0 or max(top, bottom) >= h or max(left, right) >= w):
        raise UserError(f"a reflected border of {[top, left, bottom, right]} does not fit an image of {h} x {w}")
    if h + top + bottom < 1 or w + left + right < 1:
        raise UserError(f"cropping {h} x {w} by {[top, left, bottom, right]} leaves nothing")
    return (n, c + sum(p["channels"]), h + top + bottom, w + left + right)


def _upsample(p: Params, x: list[Shape]) -> Shape:
    fy, fx = pair(p["scale_factor"])
    return (*x[0][:2], x[0][2] * fy, x[0][3] * fx)


def _unflatten(p: Params, x: list[Shape]) -> Shape:
    shape = (x[0][0], p["channels"], p["height"], p["width"])
    if x[0][2:] != (1, 1) or math.prod(x[0]) != math.prod(shape):
        raise UserError(f"unflatten makes {shape} of a vector of as many elements, found {x[0]}")
    return shape


def _norm_weights(*roles: str) -> Callable[[Params, list[Shape]], dict[str, Shape]]:
    return lambda p, x: {role: (x[0][1],) for role in roles if p.get("affine", True)}


def _conditional(p: Params, x: list[Shape]) -> Shape:
    if x[1][1:] != (p["styles"], 1, 1):
        raise UserError(f"the style weights have the shape {x[1]}, expected (N, {p['styles']}, 1, 1)")
    return x[0]


def _require_pixels(p: Params, x: Shape) -> None:
    if x[2] * x[3] <= p["correction"]:
        raise UserError(f"a variance with correction {p['correction']} needs more pixels, found {x}")


def _instance_statistics(p: Params, x: list[Shape]) -> Shape:
    _require_pixels(p, x[0])
    return (x[0][0], 2 * x[0][1], 1, 1)


def _adaptive(p: Params, x: list[Shape]) -> Shape:
    if x[0][:2] != x[1][:2]:
        raise UserError(f"the style must have as many images and channels as the content, {x[0]}, found {x[1]}")
    for shape in x:
        _require_pixels(p, shape)
    return x[0]


def _roll(_: Params, x: list[Shape]) -> Shape:
    if x[1] != (x[0][0], 2, 1, 1):
        raise UserError(f"the offsets have the shape {x[1]}, expected ({x[0][0]}, 2, 1, 1)")
    return x[0]


def _affine(_: Params, x: list[Shape]) -> Shape:
    if x[1] != (x[0][0], 6, 1, 1):
        raise UserError(f"the matrices have the shape {x[1]}, expected ({x[0][0]}, 6, 1, 1)")
    return x[0]


def _mask(_: Params, x: list[Shape]) -> Shape:
    n, _, h, w = x[0]
    if x[1] not in ((n, 1, h, w), (1, 1, h, w)):
        raise UserError(f"the mask has the shape {x[1]}, expected {(n, 1, h, w)} or {(1, 1, h, w)}")
    return x[0]


def _irfft2(p: Params, x: list[Shape]) -> Shape:
    n, c, h, columns = x[0]
    if c % 2 or columns != p["width"] // 2 + 1:
        raise UserError(
            f"the spectrum of an image {p['width']} wide has an even number of channels and "
            f"{p['width'] // 2 + 1} columns, found {c} and {columns}"
        )
    return (n, c // 2, h, p["width"])


_CONV: Params = {
    "out_channels": REQUIRED,
    "kernel_size": REQUIRED,
    "stride": 1,
    "padding": 0,
    "dilation": 1,
    "groups": 1,
    "bias": True,
}
_POOL: Params = {"kernel_size": REQUIRED, "stride": None, "padding": 0, "ceil_mode": False}
_MANY = (2, 1 << 30)

OPERATORS: dict[str, Operator] = {
    "conv2d": Operator(_CONV, _conv, _conv_weights),
    "conv_transpose2d": Operator({**_CONV, "output_padding": 0}, _conv_transpose, _conv_transpose_weights),
    "linear": Operator(
        {"out_features": REQUIRED, "bias": True}, lambda p, x: (x[0][0], p["out_features"], 1, 1), _linear_weights
    ),
    "relu": Operator({"negative_slope": 0.0, "max_value": None}, _same),
    "sigmoid": Operator({}, _same),
    "tanh": Operator({}, _same),
    "max_pool2d": Operator(_POOL, _pool),
    "avg_pool2d": Operator({**_POOL, "count_include_pad": True}, _pool),
    "adaptive_avg_pool2d": Operator({"output_size": 1}, lambda p, x: (*x[0][:2], *pair(p["output_size"]))),
    "batch_norm": Operator({"eps": 1e-5}, _same, _norm_weights("weight", "bias", "running_mean", "running_var")),
    "batch_norm_train": Operator({"eps": 1e-5}, _same, _norm_weights("weight", "bias")),
    "batch_statistics": Operator({}, lambda p, x: (2, x[0][1], 1, 1)),
    "instance_norm": Operator({"eps": 1e-5, "affine": True}, _same, _norm_weights("weight", "bias")),
    "conditional_instance_norm": Operator(
        {"styles": REQUIRED, "eps": 1e-5},
        _conditional,
        lambda p, x: {role: (p["styles"], x[0][1]) for role in ("weight", "bias")},
        (2, 2),
    ),
    "adaptive_instance_norm": Operator({"eps": 1e-5, "correction": 1}, _adaptive, arity=(2, 2)),
    "instance_statistics": Operator({"eps": 1e-5, "correction": 1}, _instance_statistics),
    "lrn": Operator({"size": REQUIRED, "alpha": 1e-4, "beta": 0.75, "k": 1.0}, _same),
    "softmax": Operator({}, _same),
    "log_softmax": Operator({}, _same),
    "add": Operator({}, _add, arity=_MANY),
    "concat": Operator({}, _concat, arity=_MANY),
    "pad": Operator({"padding": 0, "channels": (0, 0), "mode": "zero"}, _pad),
    "upsample": Operator({"scale_factor": REQUIRED, "mode": "nearest", "align_corners": False}, _upsample),
    "flatten": Operator({}, lambda p, x: (x[0][0], math.prod(x[0][1:]), 1, 1)),
    "unflatten": Operator({"channels": REQUIRED, "height": REQUIRED, "width": REQUIRED}, _unflatten),
    "dropout": Operator({"p": 0.5}, _same),
    "gram": Operator({"divisor": "chw"}, lambda p, x: (x[0][0], 1, x[0][1], x[0][1])),
    "total_variation": Operator({"norm": "l2", "beta": 2.0}, _number),
    "gram_loss": Operator({"divisor": "chw", "weight": 1.0}, _number, lambda p, x: {"target": (1, x[0][1], x[0][1])}),
    "mse_loss": Operator({"reduction": "mean"}, _number, lambda p, x: {"target": x[0][1:]}),
    "alpha_norm": Operator({"alpha": 2.0}, _number),
    "roll": Operator({}, _roll, arity=(2, 2)),
    "affine": Operator({}, _affine, arity=(2, 2)),
    "mask": Operator({}, _mask, arity=(2, 2)),
    "irfft2": Operator({"width": REQUIRED, "norm": "backward", "decay": 0.0}, _irfft2),
    "gaussian_blur": Operator({"sigma": 1.0, "border": "reflect"}, _same),
    "clamp": Operator({"min": None, "max": None}, _same),
}


def full_params(layer: Layer) -> Params:
    """The layer's parameters with those left out at their defaults; unknown or missing ones are errors."""
    if layer.op not in OPERATORS:
        raise UserError(f"layer {layer.name!r}: there is no operator {layer.op!r}")
    defaults = OPERATORS[layer.op].defaults
    for key in layer.params:
        if key not in defaults:
            raise UserError(f"layer {layer.name!r}: {layer.op} has no parameter {key!r}")
    params = {**defaults, **layer.params}
    for key, value in params.items():
        if value is REQUIRED:
            raise UserError(f"layer {layer.name!r}: the parameter {key!r} of {layer.op} is missing")
    return params


@dataclass(frozen=True)
class LayerShapes:
    """What shape inference finds out about one layer."""

    inputs: list[Shape]
    output: Shape
    weights: dict[str, Shape]


def infer_shapes(model: Model, batch: int = 1) -> dict[str, LayerShapes]:
    """Shapes of all layers, or a UserError that names the first layer that does not fit."""
    known: dict[str, Shape] = model.input_shapes(batch)
    result: dict[str, LayerShapes] = {}
    for layer in model.layers:
        params, op = full_params(layer), OPERATORS[layer.op]
        if layer.name in known:
            raise UserError(f"two layers or inputs have the name {layer.name!r}")
        for name in layer.inputs:
            if name not in known:
                raise UserError(f"layer {layer.name!r}: its input {name!r} is no earlier layer and no input")
        if not op.arity[0] <= len(layer.inputs) <= op.arity[1]:
            raise UserError(f"layer {layer.name!r}: {layer.op} cannot take {len(layer.inputs)} inputs")
        inputs = [known[name] for name in layer.inputs]
        try:
            shapes = LayerShapes(inputs, op.infer(params, inputs), op.weights(params, inputs))
        except UserError as error:
            raise UserError(f"layer {layer.name!r}: {error}") from None
        known[layer.name] = shapes.output
        result[layer.name] = shapes
    if model.output not in known:
        raise UserError(f"the output {model.output!r} is no layer")
    return result
