"""Activations and softmax."""

from __future__ import annotations

import numpy as np

from convlens.onnx_import.graph import Node, handles


@handles("Relu")
def relu(node: Node) -> None:
    """Relu -> relu."""
    node.add("relu")


@handles("LeakyRelu")
def leaky_relu(node: Node) -> None:
    """LeakyRelu -> relu with a negative slope."""
    node.add("relu", {"negative_slope": float(np.float32(node.attribute("alpha", 0.01)))})


@handles("Clip")
def clip(node: Node) -> None:
    """Clip from 0 -> relu with a maximum (ReLU6). The bounds are inputs from opset 11 on."""
    low = float(node.constant(1)) if node.has_input(1) else node.attribute("min")
    high = float(node.constant(2)) if node.has_input(2) else node.attribute("max")
    if low != 0:
        raise node.refusal(f"clips from {low}; ConvLens clips from 0 (relu with max_value)")
    node.add("relu", {"max_value": high})


@handles("Sigmoid")
def sigmoid(node: Node) -> None:
    """Sigmoid -> sigmoid."""
    node.add("sigmoid")


@handles("Tanh")
def tanh(node: Node) -> None:
    """Tanh -> tanh."""
    node.add("tanh")


@handles("Softmax", "LogSoftmax")
def softmax(node: Node) -> None:
    """Softmax over the channels."""
    axis = node.attribute("axis", 1 if node.graph.opset < 13 else -1)
    if axis not in (1, -3) and node.shape()[2:] != (1, 1):
        raise node.refusal(f"works along axis {axis}; ConvLens' softmax works along the channels")
    node.add("softmax" if node.proto.op_type == "Softmax" else "log_softmax")


@handles("Dropout")
def dropout(node: Node) -> None:
    """Dropout -> dropout, the identity in inference."""
    ratio = float(node.constant(1)) if node.has_input(1) else float(np.float32(node.attribute("ratio", 0.5)))
    node.add("dropout", {"p": ratio})


@handles("Identity")
def identity(node: Node) -> None:
    """Identity: no layer."""
    node.alias()
