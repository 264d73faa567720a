"""Conv, ConvTranspose and what becomes a linear layer."""

from __future__ import annotations

from typing import Any

import numpy as np

from convlens.onnx_import.graph import Node, handles


def compact(values: Any) -> Any:
    """One integer where all are equal, else a list: the shortest way to write a pair or a padding."""
    values = [int(v) for v in values]
    return values[0] if len(set(values)) == 1 else values


def padding(node: Node) -> Any:
    """The padding of a window operator: explicit, or TensorFlow's "same"."""
    match node.attribute("auto_pad", "NOTSET"):
        case "NOTSET":
            return compact(node.attribute("pads", [0, 0, 0, 0]))
        case "VALID":
            return 0
        case "SAME_UPPER":
            return "same"
        case other:
            raise node.refusal(f"has auto_pad = {other}, which ConvLens does not have")


def _common(node: Node, weight: np.ndarray) -> dict[str, Any]:
    if weight.ndim != 4:
        raise node.refusal(f"works on {weight.ndim - 2} dimensions; ConvLens has images alone")
    return {
        "kernel_size": compact(weight.shape[2:]),
        "stride": compact(node.attribute("strides", [1, 1])),
        "dilation": compact(node.attribute("dilations", [1, 1])),
        "groups": node.attribute("group", 1),
        "bias": node.has_input(2),
    }


def _weights(node: Node, weight: np.ndarray) -> dict[str, np.ndarray]:
    return {"weight": weight} | ({"bias": node.constant(2)} if node.has_input(2) else {})


@handles("Conv")
def conv(node: Node) -> None:
    """Conv -> conv2d."""
    weight = node.constant(1)
    params = {"out_channels": weight.shape[0], **_common(node, weight), "padding": padding(node)}
    node.add("conv2d", params, _weights(node, weight))


@handles("ConvTranspose")
def conv_transpose(node: Node) -> None:
    """ConvTranspose -> conv_transpose2d; an output_shape becomes padding and output_padding."""
    weight = node.constant(1)
    params = {"out_channels": weight.shape[1] * node.attribute("group", 1), **_common(node, weight)}
    pads = list(node.attribute("pads", [0, 0, 0, 0]))
    extra = list(node.attribute("output_padding", [0, 0]))
    if (wanted := node.attribute("output_shape")) is not None:
        dilations, strides = node.attribute("dilations", [1, 1]), node.attribute("strides", [1, 1])
        for axis in range(2):
            full = (node.shape()[2 + axis] - 1) * strides[axis] + dilations[axis] * (weight.shape[2 + axis] - 1) + 1
            total = full - wanted[-2:][axis]
            pads[axis], pads[2 + axis] = max(total, 0) // 2, max(total, 0) - max(total, 0) // 2
            extra[axis] = max(-total, 0)
    elif node.attribute("auto_pad", "NOTSET") not in ("NOTSET", "VALID"):
        raise node.refusal("has an automatic padding, which ConvLens does not have for it")
    params |= {"padding": compact(pads), "output_padding": compact(extra)}
    node.add("conv_transpose2d", params, _weights(node, weight))


@handles("Gemm")
def gemm(node: Node) -> None:
    """Gemm with a constant matrix -> linear."""
    node.require("transA", 0)
    weight = node.constant(1) * np.float32(node.attribute("alpha", 1.0))
    weight = weight if node.attribute("transB", 0) else weight.T
    weights = {"weight": weight}
    if node.has_input(2):
        weights["bias"] = np.broadcast_to(
            node.constant(2) * np.float32(node.attribute("beta", 1.0)), (1, weight.shape[0])
        ).ravel()
    node.add("linear", {"out_features": weight.shape[0], "bias": node.has_input(2)}, weights)


@handles("MatMul")
def matmul(node: Node) -> None:
    """MatMul with a constant matrix -> linear; a bias comes as an Add (see elementwise.py)."""
    weight = node.constant(1)
    if weight.ndim != 2 or node.shape()[2:] != (1, 1):
        raise node.refusal("is no linear layer: its first input is no vector of features")
    node.add("linear", {"out_features": weight.shape[1], "bias": False}, {"weight": weight.T})
