"""Normalization layers."""

from __future__ import annotations

import numpy as np

from convlens.onnx_import.graph import Node, handles


def _float(value: float) -> float:
    """A float32 attribute as the shortest decimal that is the same float32."""
    return float(str(np.float32(value)))


@handles("BatchNormalization")
def batch_normalization(node: Node) -> None:
    """BatchNormalization -> batch_norm."""
    node.require("training_mode", 0)
    node.require("spatial", 1)
    roles = ("weight", "bias", "running_mean", "running_var")
    weights = {role: node.constant(1 + index) for index, role in enumerate(roles)}
    node.add("batch_norm", {"eps": _float(node.attribute("epsilon", 1e-5))}, weights)


@handles("InstanceNormalization")
def instance_normalization(node: Node) -> None:
    """InstanceNormalization -> instance_norm."""
    weights = {"weight": node.constant(1), "bias": node.constant(2)}
    node.add("instance_norm", {"eps": _float(node.attribute("epsilon", 1e-5))}, weights)


@handles("LRN")
def lrn(node: Node) -> None:
    """LRN -> lrn."""
    params = {
        "size": node.attribute("size"),
        "alpha": _float(node.attribute("alpha", 1e-4)),
        "beta": _float(node.attribute("beta", 0.75)),
        "k": _float(node.attribute("bias", 1.0)),
    }
    node.add("lrn", params)
