"""A model's folder as a PyTorch function: the operators of the networks that are compared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from convlens.model import Layer
from convlens.model_file import read_model
from convlens.operators import LayerShapes, Params, full_params, infer_shapes, pair, window_padding, window_stride

Step = Callable[[list[Tensor]], Tensor]


class TorchGraph:
    """Layers of torch.nn.functional calls, in the order of the file."""

    def __init__(self, folder: Path, layout: torch.memory_format, device: str = "cpu", guided: bool = False) -> None:
        model = read_model(folder)
        shapes = infer_shapes(model)
        self._input, self._output = model.inputs[0]["name"], model.output
        self._steps = []
        for layer in model.layers:
            weights = {
                role: torch.from_numpy(model.tensors[name].copy()).to(device) for role, name in layer.weights.items()
            }
            if layer.op == "conv2d":
                weights["weight"] = weights["weight"].contiguous(memory_format=layout)
            make = _guided_relu if guided and layer.op == "relu" else _STEPS[layer.op]
            step = make(full_params(layer), shapes[layer.name], weights)
            self._steps.append((layer, step, _dead_after(model.layers, layer, model.output)))

    def __call__(self, image: Tensor) -> Tensor:
        """The output for one batch; values are let go when the last layer has read them."""
        values = {self._input: image}
        for layer, step, dead in self._steps:
            values[layer.name] = step([values[name] for name in layer.inputs])
            for name in dead:
                del values[name]
        return values[self._output]


def _dead_after(layers: list[Layer], layer: Layer, output: str) -> list[str]:
    later = {name for other in layers[layers.index(layer) + 1 :] for name in other.inputs} | {output}
    return [name for name in set(layer.inputs) if name not in later]


Weights = dict[str, Tensor]


def _padded(p: Params, s: LayerShapes, value: float) -> tuple[Step, tuple[int, int]]:
    """What pads the input, and the padding that the window operator itself may do."""
    (top, bottom), (left, right) = window_padding(p, s.inputs[0])
    if (top, left) == (bottom, right):
        return lambda x: x[0], (top, left)
    return lambda x: F.pad(x[0], (left, right, top, bottom), value=value), (0, 0)


def _conv2d(p: Params, s: LayerShapes, w: Weights) -> Step:
    pad, inner = _padded(p, s, 0.0)
    stride, dilation = pair(p["stride"]), pair(p["dilation"])
    return lambda x: F.conv2d(pad(x), w["weight"], w.get("bias"), stride, inner, dilation, p["groups"])


def _linear(p: Params, s: LayerShapes, w: Weights) -> Step:
    return lambda x: F.linear(x[0].flatten(1), w["weight"], w.get("bias"))[:, :, None, None]


def _relu(p: Params, s: LayerShapes, w: Weights) -> Step:
    if p["max_value"] is not None:
        return lambda x: F.hardtanh(x[0], 0.0, p["max_value"])
    if p["negative_slope"]:
        return lambda x: F.leaky_relu(x[0], p["negative_slope"])
    return lambda x: F.relu(x[0])


class _GuidedRelu(torch.autograd.Function):
    """ReLU whose gradient passes where it and the input are positive (Springenberg et al. 2015)."""

    @staticmethod
    def forward(context: Any, x: Tensor) -> Tensor:
        y = F.relu(x)
        context.save_for_backward(y)
        return y

    @staticmethod
    def backward(context: Any, slope: Tensor) -> Tensor:
        (y,) = context.saved_tensors
        return torch.ops.aten.threshold_backward(F.relu(slope), y, 0)


def _guided_relu(p: Params, s: LayerShapes, w: Weights) -> Step:
    if p["max_value"] is not None or p["negative_slope"]:
        raise SystemExit("guided backprop is written for plain ReLUs alone")
    return lambda x: _GuidedRelu.apply(x[0])


def _pad(p: Params, s: LayerShapes, w: Weights) -> Step:
    (top, bottom), (left, right) = window_padding(p, s.inputs[0])
    mode = "constant" if p["mode"] == "zero" else p["mode"]
    return lambda x: F.pad(x[0], (left, right, top, bottom), mode=mode)


def _instance_norm(p: Params, s: LayerShapes, w: Weights) -> Step:
    return lambda x: F.instance_norm(x[0], weight=w["weight"], bias=w["bias"], eps=p["eps"])


def _max_pool2d(p: Params, s: LayerShapes, w: Weights) -> Step:
    pad, inner = _padded(p, s, -float("inf"))
    kernel, stride = pair(p["kernel_size"]), window_stride(p)
    return lambda x: F.max_pool2d(pad(x), kernel, stride, inner, ceil_mode=p["ceil_mode"])


def _avg_pool2d(p: Params, s: LayerShapes, w: Weights) -> Step:
    (top, bottom), (left, right) = window_padding(p, s.inputs[0])
    if (top, left) != (bottom, right):
        raise SystemExit("avg_pool2d with padding on one side is not written for PyTorch")
    kernel, stride = pair(p["kernel_size"]), window_stride(p)
    return lambda x: F.avg_pool2d(x[0], kernel, stride, (top, left), p["ceil_mode"], p["count_include_pad"])


def _batch_norm(p: Params, s: LayerShapes, w: Weights) -> Step:
    mean, var = w["running_mean"], w["running_var"]
    return lambda x: F.batch_norm(x[0], mean, var, w["weight"], w["bias"], eps=p["eps"])


def _gram_loss(p: Params, s: LayerShapes, w: Weights) -> Step:
    _, channels, height, width = s.inputs[0]
    divisor = {"none": 1, "hw": height * width, "chw": channels * height * width}[p["divisor"]]

    def run(x: list[Tensor]) -> Tensor:
        features = x[0].flatten(2)
        gram = features @ features.transpose(1, 2) / divisor
        return p["weight"] * (gram - w["target"]).square().sum((1, 2))[:, None, None, None]

    return run


def _mse_loss(p: Params, s: LayerShapes, w: Weights) -> Step:
    reduce = torch.mean if p["reduction"] == "mean" else torch.sum
    return lambda x: reduce((x[0] - w["target"]).square(), (1, 2, 3), keepdim=True)


_STEPS: dict[str, Callable[[Params, LayerShapes, Weights], Step]] = {
    "conv2d": _conv2d,
    "linear": _linear,
    "relu": _relu,
    "max_pool2d": _max_pool2d,
    "avg_pool2d": _avg_pool2d,
    "adaptive_avg_pool2d": lambda p, s, w: lambda x: F.adaptive_avg_pool2d(x[0], pair(p["output_size"])),
    "batch_norm": _batch_norm,
    "instance_norm": _instance_norm,
    "pad": _pad,
    "upsample": lambda p, s, w: lambda x: F.interpolate(x[0], s.output[2:], mode=p["mode"]),
    "lrn": lambda p, s, w: lambda x: F.local_response_norm(x[0], p["size"], p["alpha"], p["beta"], p["k"]),
    "softmax": lambda p, s, w: lambda x: F.softmax(x[0], 1),
    "log_softmax": lambda p, s, w: lambda x: F.log_softmax(x[0], 1),
    "add": lambda p, s, w: lambda x: sum(x[1:], x[0]),
    "concat": lambda p, s, w: lambda x: torch.cat(x, 1),
    "flatten": lambda p, s, w: lambda x: x[0].flatten(1)[:, :, None, None],
    "dropout": lambda p, s, w: lambda x: x[0],
    "gram_loss": _gram_loss,
    "mse_loss": _mse_loss,
}
