"""The format's operators once more, in JAX: what the engine's results and gradients are checked against.

`run(model, inputs)` gives the value of every layer; being JAX, it can be differentiated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.scipy.ndimage import map_coordinates

from convlens.model import Model
from convlens.operators import Params, explicit_padding, full_params, pair, window_padding, window_stride

Array = jax.Array
Weights = Mapping[str, Array]
Operation = Callable[[Params, list[Array], Weights], Array]
_OPERATIONS: dict[str, Operation] = {}


def operation(name: str) -> Callable[[Operation], Operation]:
    """Announce the implementation of one operator."""

    def decorate(function: Operation) -> Operation:
        _OPERATIONS[name] = function
        return function

    return decorate


def run(model: Model, inputs: Mapping[str, Any], dtype: Any = jnp.float32) -> dict[str, Array]:
    """Compute all layers; the result also holds the inputs."""
    values: dict[str, Array] = {name: jnp.asarray(value, dtype) for name, value in inputs.items()}
    for layer in model.layers:
        weights = {role: jnp.asarray(model.tensors[tensor], dtype) for role, tensor in layer.weights.items()}
        values[layer.name] = _OPERATIONS[layer.op](full_params(layer), [values[i] for i in layer.inputs], weights)
    return values


def _per_channel(values: Array) -> Array:
    return values.reshape(1, -1, 1, 1)


def _with_bias(y: Array, weights: Weights) -> Array:
    return y + _per_channel(weights["bias"]) if "bias" in weights else y


@operation("conv2d")
def _conv2d(p: Params, x: list[Array], w: Weights) -> Array:
    y = lax.conv_general_dilated(
        x[0], w["weight"], pair(p["stride"]), window_padding(p, x[0].shape), rhs_dilation=pair(p["dilation"]),
        feature_group_count=p["groups"],
    )  # fmt: skip
    return _with_bias(y, w)


@operation("conv_transpose2d")
def _conv_transpose2d(p: Params, x: list[Array], w: Weights) -> Array:
    # The transpose of a convolution: the flipped kernel over an input spread out by the stride.
    c, per_group, kh, kw = w["weight"].shape
    groups = p["groups"]
    kernel = w["weight"].reshape(groups, c // groups, per_group, kh, kw).swapaxes(1, 2)
    kernel = kernel.reshape(groups * per_group, c // groups, kh, kw)[:, :, ::-1, ::-1]
    top, left, bottom, right = explicit_padding(p["padding"])
    dilation, extra = pair(p["dilation"]), pair(p["output_padding"])
    reach = (dilation[0] * (kh - 1), dilation[1] * (kw - 1))
    padding = [
        (reach[0] - top, reach[0] - bottom + extra[0]),
        (reach[1] - left, reach[1] - right + extra[1]),
    ]
    y = lax.conv_general_dilated(
        x[0], kernel, (1, 1), padding, lhs_dilation=pair(p["stride"]), rhs_dilation=dilation, feature_group_count=groups
    )
    return _with_bias(y, w)


@operation("linear")
def _linear(p: Params, x: list[Array], w: Weights) -> Array:
    y = x[0].reshape(x[0].shape[0], -1) @ w["weight"].T
    return _with_bias(y[:, :, None, None], w)


@operation("relu")
def _relu(p: Params, x: list[Array], w: Weights) -> Array:
    y = jnp.where(x[0] > 0, x[0], p["negative_slope"] * x[0])
    return y if p["max_value"] is None else jnp.where(y < p["max_value"], y, p["max_value"])


def _pool_window(p: Params, x: Array) -> tuple[tuple[int, ...], tuple[int, ...], list[tuple[int, int]]]:
    """Window, stride, and padding enlarged at the end by what ceil_mode reaches beyond it."""
    kernel, stride, padding = pair(p["kernel_size"]), window_stride(p), window_padding(p, x.shape)
    full = [(0, 0), (0, 0)]
    for axis in range(2):
        before, after = padding[axis]
        span = x.shape[2 + axis] + before + after - kernel[axis]
        if p["ceil_mode"]:
            count = -(-span // stride[axis]) + 1
            if (count - 1) * stride[axis] >= x.shape[2 + axis] + before:
                count -= 1
            after += max((count - 1) * stride[axis] - span, 0)
        full.append((before, after))
    return (1, 1, *kernel), (1, 1, *stride), full


@operation("max_pool2d")
def _max_pool2d(p: Params, x: list[Array], w: Weights) -> Array:
    return lax.reduce_window(x[0], -jnp.inf, lax.max, *_pool_window(p, x[0]))


@operation("avg_pool2d")
def _avg_pool2d(p: Params, x: list[Array], w: Weights) -> Array:
    window, stride, padding = _pool_window(p, x[0])
    total = lax.reduce_window(x[0], 0.0, lax.add, window, stride, padding)
    counted = jnp.ones_like(x[0][:1, :1])
    if p["count_include_pad"]:
        own = window_padding(p, x[0].shape)
        counted = jnp.pad(counted, [(0, 0), (0, 0), *own], constant_values=1)
        padding = [(0, 0), (0, 0)] + [(0, b[1] - a[1]) for a, b in zip(own, padding[2:], strict=True)]
    return total / lax.reduce_window(counted, 0.0, lax.add, window, stride, padding)


@operation("adaptive_avg_pool2d")
def _adaptive_avg_pool2d(p: Params, x: list[Array], w: Weights) -> Array:
    # Bin i of n covers floor(i * size / n) to ceil((i + 1) * size / n).
    def matrix(size: int, bins: int) -> Array:
        rows = []
        for i in range(bins):
            low, high = i * size // bins, -(-(i + 1) * size // bins)
            rows.append([1 / (high - low) if low <= j < high else 0.0 for j in range(size)])
        return jnp.asarray(rows, x[0].dtype)

    bins_h, bins_w = pair(p["output_size"])
    _, _, height, width = x[0].shape
    return jnp.einsum("nchw,ih,jw->ncij", x[0], matrix(height, bins_h), matrix(width, bins_w))


@operation("batch_norm")
def _batch_norm(p: Params, x: list[Array], w: Weights) -> Array:
    scale = w["weight"] / jnp.sqrt(w["running_var"] + p["eps"])
    return (x[0] - _per_channel(w["running_mean"])) * _per_channel(scale) + _per_channel(w["bias"])


def _normalized(x: Array, eps: float) -> Array:
    mean = x.mean((2, 3), keepdims=True)
    variance = ((x - mean) ** 2).mean((2, 3), keepdims=True)
    return (x - mean) / jnp.sqrt(variance + eps)


@operation("instance_norm")
def _instance_norm(p: Params, x: list[Array], w: Weights) -> Array:
    y = _normalized(x[0], p["eps"])
    return y * _per_channel(w["weight"]) + _per_channel(w["bias"]) if p["affine"] else y


@operation("conditional_instance_norm")
def _conditional_instance_norm(p: Params, x: list[Array], w: Weights) -> Array:
    style = x[1].reshape(x[1].shape[0], -1)
    scale, shift = style @ w["weight"], style @ w["bias"]
    return _normalized(x[0], p["eps"]) * scale[:, :, None, None] + shift[:, :, None, None]


@operation("lrn")
def _lrn(p: Params, x: list[Array], w: Weights) -> Array:
    before = (p["size"] - 1) // 2
    window = (1, p["size"], 1, 1)
    padding = [(0, 0), (before, p["size"] - 1 - before), (0, 0), (0, 0)]
    squares = lax.reduce_window(x[0] ** 2, 0.0, lax.add, window, (1, 1, 1, 1), padding)
    return x[0] / (p["k"] + p["alpha"] / p["size"] * squares) ** p["beta"]


@operation("pad")
def _pad(p: Params, x: list[Array], w: Weights) -> Array:
    top, left, bottom, right = explicit_padding(p["padding"])
    channels = tuple(p["channels"])
    if p["mode"] == "reflect":
        return jnp.pad(x[0], [(0, 0), (0, 0), (top, bottom), (left, right)], mode="reflect")
    edges = [(0, 0), channels, (top, bottom), (left, right)]
    return lax.pad(x[0], jnp.zeros((), x[0].dtype), [(before, after, 0) for before, after in edges])


@operation("upsample")
def _upsample(p: Params, x: list[Array], w: Weights) -> Array:
    factors = pair(p["scale_factor"])
    if p["mode"] == "nearest":
        return x[0].repeat(factors[0], 2).repeat(factors[1], 3)

    def matrix(size: int, factor: int) -> Array:
        target = jnp.arange(size * factor, dtype=x[0].dtype)
        if p["align_corners"]:
            source = target * (size - 1) / max(size * factor - 1, 1)
        else:
            source = jnp.maximum((target + 0.5) / factor - 0.5, 0)
        # The hat function of width one around each source pixel; beyond the border its value stays.
        distance = jnp.abs(jnp.minimum(source, size - 1)[:, None] - jnp.arange(size))
        return jnp.maximum(1 - distance, 0)

    _, _, height, width = x[0].shape
    return jnp.einsum("nchw,ih,jw->ncij", x[0], matrix(height, factors[0]), matrix(width, factors[1]))


@operation("gram")
def _gram(p: Params, x: list[Array], w: Weights) -> Array:
    n, c, h, width = x[0].shape
    features = x[0].reshape(n, c, h * width)
    divisor = {"chw": c * h * width, "hw": h * width, "none": 1}[p["divisor"]]
    return (features @ features.swapaxes(1, 2) / divisor)[:, None]


@operation("total_variation")
def _total_variation(p: Params, x: list[Array], w: Weights) -> Array:
    down, across = jnp.diff(x[0], axis=2, append=x[0][:, :, -1:]), jnp.diff(x[0], axis=3, append=x[0][..., -1:])
    if p["norm"] == "l1":
        terms = jnp.abs(down) + jnp.abs(across)
    else:
        terms = (down**2 + across**2) ** (p["beta"] / 2 if p["norm"] == "beta" else 1)
    return _image_sums(terms)


def _image_sums(terms: Array) -> Array:
    return terms.sum((1, 2, 3), keepdims=True)


@operation("gram_loss")
def _gram_loss(p: Params, x: list[Array], w: Weights) -> Array:
    return p["weight"] * _image_sums((_gram(p, x, w) - w["target"]) ** 2)


@operation("mse_loss")
def _mse_loss(p: Params, x: list[Array], w: Weights) -> Array:
    total = _image_sums((x[0] - w["target"]) ** 2)
    return total / w["target"].size if p["reduction"] == "mean" else total


def _mean_and_std(p: Params, x: Array) -> tuple[Array, Array]:
    variance = x.var((2, 3), ddof=p["correction"], keepdims=True)
    return x.mean((2, 3), keepdims=True), jnp.sqrt(variance + p["eps"])


@operation("instance_statistics")
def _instance_statistics(p: Params, x: list[Array], w: Weights) -> Array:
    return jnp.concatenate(_mean_and_std(p, x[0]), 1)


@operation("adaptive_instance_norm")
def _adaptive_instance_norm(p: Params, x: list[Array], w: Weights) -> Array:
    (content_mean, content_std), (style_mean, style_std) = _mean_and_std(p, x[0]), _mean_and_std(p, x[1])
    return style_std * (x[0] - content_mean) / content_std + style_mean


@operation("roll")
def _roll(p: Params, x: list[Array], w: Weights) -> Array:
    offsets = jnp.round(x[1]).astype(int)
    return jax.vmap(lambda image, by: jnp.roll(image, (by[0, 0, 0], by[1, 0, 0]), (1, 2)))(x[0], offsets)


@operation("affine")
def _affine(p: Params, x: list[Array], w: Weights) -> Array:
    height, width = x[0].shape[2:]
    middle = jnp.array([height - 1, width - 1], x[0].dtype) / 2
    rows, columns = jnp.meshgrid(jnp.arange(height) - middle[0], jnp.arange(width) - middle[1], indexing="ij")
    here = jnp.stack([columns, rows, jnp.ones_like(rows)])

    def one_image(image: Array, matrix: Array) -> Array:
        right, down = jnp.tensordot(matrix.reshape(2, 3), here, 1)
        positions = [down + middle[0], right + middle[1]]
        return jax.vmap(lambda plane: map_coordinates(plane, positions, order=1))(image)

    return jax.vmap(one_image)(x[0], x[1])


@operation("mask")
def _mask(p: Params, x: list[Array], w: Weights) -> Array:
    return x[0] * x[1]


@operation("irfft2")
def _irfft2(p: Params, x: list[Array], w: Weights) -> Array:
    real, imaginary = jnp.split(x[0], 2, 1)
    size = height, width = x[0].shape[2], p["width"]
    frequency = jnp.hypot(jnp.fft.fftfreq(height)[:, None], jnp.fft.rfftfreq(width))
    scale = jnp.maximum(frequency, 1 / max(size)) ** -p["decay"]
    return jnp.fft.irfft2(scale * (real + 1j * imaginary), size, norm=p["norm"])


@operation("gaussian_blur")
def _gaussian_blur(p: Params, x: list[Array], w: Weights) -> Array:
    radius = int(4 * p["sigma"] + 0.5)
    distance = jnp.arange(-radius, radius + 1, dtype=x[0].dtype)
    weights = jnp.exp(-(distance**2) / (2 * p["sigma"] ** 2)) if radius else jnp.ones(1, x[0].dtype)
    frame = [(0, 0), (0, 0), (radius, radius), (radius, radius)]
    padded = jnp.pad(x[0], frame, mode="reflect" if p["border"] == "reflect" else "constant")
    along = jax.vmap(lambda line: jnp.convolve(line, weights / weights.sum(), "valid"))

    def blur_last_axis(values: Array) -> Array:
        return along(values.reshape(-1, values.shape[-1])).reshape(*values.shape[:-1], -1)

    return blur_last_axis(blur_last_axis(padded).swapaxes(2, 3)).swapaxes(2, 3)


@operation("clamp")
def _clamp(p: Params, x: list[Array], w: Weights) -> Array:
    return jnp.clip(x[0], p["min"], p["max"])


_OPERATIONS |= {
    "sigmoid": lambda p, x, w: jax.nn.sigmoid(x[0]),
    "tanh": lambda p, x, w: jnp.tanh(x[0]),
    "softmax": lambda p, x, w: jax.nn.softmax(x[0], 1),
    "log_softmax": lambda p, x, w: jax.nn.log_softmax(x[0], 1),
    "add": lambda p, x, w: sum(x[1:], x[0]),
    "concat": lambda p, x, w: jnp.concatenate(x, 1),
    "flatten": lambda p, x, w: x[0].reshape(x[0].shape[0], -1, 1, 1),
    "unflatten": lambda p, x, w: x[0].reshape(-1, p["channels"], p["height"], p["width"]),
    "dropout": lambda p, x, w: x[0],
    "alpha_norm": lambda p, x, w: _image_sums(jnp.abs(x[0]) ** p["alpha"]),
}
