"""A model as an ONNX graph, so that ONNX Runtime can be a third opinion on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
from onnx import helper

from convlens.errors import UserError
from convlens.model import Layer, Model, Shape
from convlens.operators import LayerShapes, Params, explicit_padding, full_params, infer_shapes, pair, window_padding

OPSET = 17
IR_VERSION = 8


class _Exporter:
    """Collects the nodes and constants of the graph."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, values: Any, dtype: Any = np.float32) -> str:
        """Add a constant; return its name."""
        self.constants.append(onnx.numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def node(self, op: str, inputs: list[str], output: str, **attributes: Any) -> str:
        """Add a node; return its result's name."""
        self.nodes.append(helper.make_node(op, inputs, [output], **attributes))
        return output


_Writer = Callable[[_Exporter, Layer, Params, LayerShapes, list[str]], None]


def export_onnx(model: Model, batch: int = 1) -> onnx.ModelProto:
    """The graph; every layer's value has the layer's name."""
    exporter, shapes = _Exporter(), infer_shapes(model, batch)
    for name, values in model.tensors.items():
        exporter.constant(name, values)
    for layer in model.layers:
        if layer.op not in _WRITERS:
            raise UserError(f"layer {layer.name!r}: {layer.op} cannot be written as ONNX yet")
        weights = list(layer.weights.values())
        _WRITERS[layer.op](exporter, layer, full_params(layer), shapes[layer.name], weights)
    inputs = [helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, s) for n, s in model.input_shapes(batch).items()]
    output = helper.make_tensor_value_info(model.output, onnx.TensorProto.FLOAT, shapes[model.output].output)
    graph = helper.make_graph(exporter.nodes, model.name, inputs, [output], exporter.constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)


def _window(p: Params, x: Shape) -> dict[str, Any]:
    (top, bottom), (left, right) = window_padding(p, x)
    attributes: dict[str, Any] = {"kernel_shape": pair(p["kernel_size"]), "pads": [top, left, bottom, right]}
    attributes["strides"] = pair(p["stride"] if p["stride"] is not None else p["kernel_size"])
    if "dilation" in p:
        attributes |= {"dilations": pair(p["dilation"]), "group": p["groups"]}
    if "ceil_mode" in p:
        attributes["ceil_mode"] = int(p["ceil_mode"])
    return attributes


def _simple(op: str, **attributes: Any) -> _Writer:
    return lambda e, layer, p, s, w: e.node(op, [*layer.inputs, *w], layer.name, **attributes)  # type: ignore[return-value]


def _conv(e: _Exporter, layer: Layer, p: Params, s: LayerShapes, w: list[str]) -> None:
    e.node("Conv", [*layer.inputs, *w], layer.name, **_window(p, s.inputs[0]))


def _conv_transpose(e: _Exporter, layer: Layer, p: Params, s: LayerShapes, w: list[str]) -> None:
    e.node(
        "ConvTranspose", [*layer.inputs, *w], layer.name, strides=pair(p["stride"]), dilations=pair(p["dilation"]),
        pads=explicit_padding(p["padding"]), output_padding=pair(p["output_padding"]), group=p["groups"],
    )  # fmt: skip


def _linear(e: _Exporter, layer: Layer, p: Params, s: LayerShapes, w: list[str]) -> None:
    flat = e.node("Flatten", layer.inputs, f"{layer.name}/flat")
    product = e.node("Gemm", [flat, *w], f"{layer.name}/gemm", transB=1)
    e.node("Reshape", [product, e.constant(f"{layer.name}/shape", s.output, np.int64)], layer.name)


def _relu(e: _Exporter, layer: Layer, p: Params, s: LayerShapes, w: list[str]) -> None:
    if p["max_value"] is not None:
        bounds = [e.constant(f"{layer.name}/{k}", v) for k, v in (("min", 0), ("max", p["max_value"]))]
        e.node("Clip", [*layer.inputs, *bounds], layer.name)
    elif p["negative_slope"]:
        e.node("LeakyRelu", layer.inputs, layer.name, alpha=p["negative_slope"])
    else:
        e.node("Relu", layer.inputs, layer.name)


def _max_pool(e: _Exporter, layer: Layer, p: Params, s: LayerShapes, w: list[str]) -> None:
    e.node("MaxPool", layer.inputs, layer.name, **_window(p, s.inputs[0]))


def _avg_pool(e: _Exporter, layer: Layer, p: Params, s: LayerShapes, w: list[str]) -> None:
    attributes = _window(p, s.inputs[0])
    e.node("AveragePool", layer.inputs, layer.name, count_include_pad=int(p["count_include_pad"]), **attributes)


def _adaptive_avg_pool(e: _Exporter, layer: Layer, p: Params, s: LayerShapes, w: list[str]) -> None:
    if pair(p["output_size"]) == (1, 1):
        e.node("GlobalAveragePool", layer.inputs, layer.name)
        return
    rows, columns = (
        np.array(
            [[(i * size // bins <= j < -(-(i + 1) * size // bins)) for j in range(size)] for i in range(bins)], float
        )
        for size, bins in zip(s.inputs[0][2:], pair(p["output_size"]), strict=True)
    )
    down = e.constant(f"{layer.name}/rows", rows / rows.sum(1, keepdims=True))
    across = e.constant(f"{layer.name}/columns", (columns / columns.sum(1, keepdims=True)).T)
    half = e.node("MatMul", [down, *layer.inputs], f"{layer.name}/half")
    e.node("MatMul", [half, across], layer.name)


def _conditional_instance_norm(e: _Exporter, layer: Layer, p: Params, s: LayerShapes, w: list[str]) -> None:
    channels, name = s.inputs[0][1], layer.name
    one, zero = e.constant(f"{name}/one", np.ones(channels)), e.constant(f"{name}/zero", np.zeros(channels))
    normal = e.node("InstanceNormalization", [layer.inputs[0], one, zero], f"{name}/normal", epsilon=p["eps"])
    style = e.node("Flatten", [layer.inputs[1]], f"{name}/style")
    shape = e.constant(f"{name}/shape", [-1, channels, 1, 1], np.int64)
    factors = []
    for role, tensor in zip(("scale", "shift"), w, strict=True):
        vector = e.node("MatMul", [style, tensor], f"{name}/{role}_vector")
        factors.append(e.node("Reshape", [vector, shape], f"{name}/{role}"))
    scaled = e.node("Mul", [normal, factors[0]], f"{name}/scaled")
    e.node("Add", [scaled, factors[1]], name)


def _pad(e: _Exporter, layer: Layer, p: Params, s: LayerShapes, w: list[str]) -> None:
    top, left, bottom, right = explicit_padding(p["padding"])
    before, after = p["channels"]
    pads = e.constant(f"{layer.name}/pads", [0, before, top, left, 0, after, bottom, right], np.int64)
    e.node("Pad", [*layer.inputs, pads], layer.name, mode="constant" if p["mode"] == "zero" else "reflect")


def _upsample(e: _Exporter, layer: Layer, p: Params, s: LayerShapes, w: list[str]) -> None:
    scales = e.constant(f"{layer.name}/scales", [1, 1, *pair(p["scale_factor"])])
    if p["mode"] == "nearest":
        attributes = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    else:
        rule = "align_corners" if p["align_corners"] else "half_pixel"
        attributes = {"mode": "linear", "coordinate_transformation_mode": rule}
    e.node("Resize", [*layer.inputs, "", scales], layer.name, **attributes)


def _reshape(e: _Exporter, layer: Layer, p: Params, s: LayerShapes, w: list[str]) -> None:
    e.node("Reshape", [*layer.inputs, e.constant(f"{layer.name}/shape", s.output, np.int64)], layer.name)


def _with_params(op: str, **attributes: str) -> _Writer:
    """A node whose attributes are parameters of other names."""

    def write(e: _Exporter, layer: Layer, p: Params, s: LayerShapes, w: list[str]) -> None:
        e.node(op, [*layer.inputs, *w], layer.name, **{key: p[name] for key, name in attributes.items()})

    return write


_WRITERS: dict[str, _Writer] = {
    "conv2d": _conv,
    "conv_transpose2d": _conv_transpose,
    "linear": _linear,
    "relu": _relu,
    "sigmoid": _simple("Sigmoid"),
    "tanh": _simple("Tanh"),
    "max_pool2d": _max_pool,
    "avg_pool2d": _avg_pool,
    "adaptive_avg_pool2d": _adaptive_avg_pool,
    "batch_norm": _with_params("BatchNormalization", epsilon="eps"),
    "instance_norm": _with_params("InstanceNormalization", epsilon="eps"),
    "conditional_instance_norm": _conditional_instance_norm,
    "lrn": _with_params("LRN", size="size", alpha="alpha", beta="beta", bias="k"),
    "softmax": _simple("Softmax", axis=1),
    "log_softmax": _simple("LogSoftmax", axis=1),
    "add": _simple("Sum"),
    "concat": _simple("Concat", axis=1),
    "pad": _pad,
    "upsample": _upsample,
    "flatten": _reshape,
    "unflatten": _reshape,
    "dropout": _simple("Identity"),
}
