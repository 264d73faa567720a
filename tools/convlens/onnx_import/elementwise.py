"""Sums of layers, and arithmetic with constants: y = scale * x + shift, channel by channel."""

from __future__ import annotations

import numpy as np

from convlens.model import Layer, Shape
from convlens.onnx_import.graph import Node, handles


@handles("Add", "Sum")
def add(node: Node) -> None:
    """Add of layers -> add; of a constant -> a bias."""
    constants = [i for i in range(len(node.proto.input)) if node.is_constant(i)]
    if not constants:
        node.add("add", inputs=[node.source(i) for i in range(len(node.proto.input))])
        return
    if len(node.proto.input) != 2:
        raise node.refusal("adds constants to more than one layer")
    shift = node.constant(constants[0])
    _affine(node, 1 - constants[0], np.float32(1), shift)


@handles("Sub", "Mul", "Div")
def arithmetic(node: Node) -> None:
    """Arithmetic of a layer with a constant."""
    if not node.is_constant(0) and not node.is_constant(1):
        raise node.refusal("combines two layers; ConvLens has only their sum (add)")
    index = 1 if node.is_constant(0) else 0
    value, zero = node.constant(1 - index).astype(np.float32), np.float32(0)
    match node.proto.op_type, index:
        case "Mul", _:
            _affine(node, index, value, zero)
        case "Div", 0:
            _affine(node, index, 1 / value, zero)
        case "Sub", 0:
            _affine(node, index, np.float32(1), -value)
        case "Sub", 1:
            _affine(node, index, np.float32(-1), value)
        case _:
            raise node.refusal("divides a constant by a layer, which ConvLens does not have")


@handles("Affine")
def affine(node: Node) -> None:
    """CoreML's scale and shift by one number each."""
    _affine(node, 0, np.float32(node.attribute("alpha", 1.0)), np.float32(node.attribute("beta", 0.0)))


@handles("ImageScaler")
def image_scaler(node: Node) -> None:
    """CoreML's preprocessing, scale * x + bias: part of how the image is fed if it comes first."""
    scale, bias = node.attribute("scale", 1.0), node.attribute("bias")
    spec = node.graph.model.inputs[0]
    if node.source() != spec["name"]:
        _affine(node, 0, np.float32(scale), np.float32(bias).reshape(-1, 1, 1))
        return
    spec["range"] = [0, 255]
    spec["mean"] = [float(str(np.float32(-b / scale))) for b in bias]
    spec["std"] = [float(str(np.float32(1 / scale)))] * len(bias)
    node.alias()


def _affine(node: Node, index: int, scale: np.ndarray | np.float32, shift: np.ndarray | np.float32) -> None:
    channels = node.shape(index)[1]
    scales, shifts = (_per_channel(node, value, node.shape(index)) for value in (scale, shift))
    if (linear := node.sole_producer("linear", index)) and not linear.params.get("bias", True) and (scales == 1).all():
        _add_bias(node, linear, shifts)
        node.graph.layer_of[node.proto.output[0]] = linear.name
        return
    if (before := node.sole_producer("conv2d", index)) and _is_affine(before, channels):
        tensors = node.graph.model.tensors
        tensors[before.weights["weight"]] *= scales.reshape(-1, 1, 1, 1)
        tensors[before.weights["bias"]] = tensors[before.weights["bias"]] * scales + shifts
        node.graph.layer_of[node.proto.output[0]] = before.name
        return
    params = {"out_channels": channels, "kernel_size": 1, "groups": channels}
    weights = {"weight": scales.reshape(-1, 1, 1, 1), "bias": shifts}
    node.add("conv2d", params, weights, [node.source(index)])


def _is_affine(layer: Layer, channels: int) -> bool:
    return layer.params == {"out_channels": channels, "kernel_size": 1, "groups": channels}


def _add_bias(node: Node, linear: Layer, bias: np.ndarray) -> None:
    del linear.params["bias"]
    linear.weights["bias"] = f"{linear.name}.bias"
    node.graph.model.tensors[linear.weights["bias"]] = bias


def _per_channel(node: Node, value: np.ndarray | np.float32, shape: Shape) -> np.ndarray:
    """One number a channel, from a scalar or what broadcasts along N, H and W."""
    value = np.asarray(value, np.float32)
    # A vector of features has two dimensions in ONNX, N x C; an image has four.
    full = shape if value.ndim > 2 or shape[2:] != (1, 1) else shape[:2]
    if value.size > 1 and (value.size != shape[1] or np.broadcast_shapes(value.shape, full) != tuple(full)):
        raise node.refusal(f"uses a constant of the shape {list(value.shape)}, expected one number a channel")
    return np.broadcast_to(value.ravel(), shape[1]).copy()
