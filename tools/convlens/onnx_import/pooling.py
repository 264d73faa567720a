"""Pools and means."""

from __future__ import annotations

from typing import Any

from convlens.onnx_import.convolution import compact, padding
from convlens.onnx_import.graph import Node, handles


def _window(node: Node) -> dict[str, Any]:
    node.require("dilations", [1, 1])
    return {
        "kernel_size": compact(node.attribute("kernel_shape")),
        "stride": compact(node.attribute("strides", [1, 1])),
        "padding": padding(node),
        "ceil_mode": bool(node.attribute("ceil_mode", 0)),
    }


@handles("MaxPool")
def max_pool(node: Node) -> None:
    """MaxPool -> max_pool2d."""
    if any(node.graph.uses[output] for output in node.proto.output[1:]):
        raise node.refusal("gives the indices of its maxima to another node, which ConvLens does not have")
    node.add("max_pool2d", _window(node))


@handles("AveragePool")
def average_pool(node: Node) -> None:
    """AveragePool -> avg_pool2d; ONNX leaves the padding out of the mean unless told otherwise."""
    node.add("avg_pool2d", {**_window(node), "count_include_pad": bool(node.attribute("count_include_pad", 0))})


@handles("GlobalAveragePool")
def global_average_pool(node: Node) -> None:
    """GlobalAveragePool -> adaptive_avg_pool2d."""
    node.add("adaptive_avg_pool2d")


@handles("ReduceMean")
def reduce_mean(node: Node) -> None:
    """A mean over height and width -> adaptive_avg_pool2d."""
    axes = node.constant(1).tolist() if node.has_input(1) else node.attribute("axes", [])
    if sorted(axis % 4 for axis in axes) != [2, 3]:
        raise node.refusal(f"takes the mean over the axes {axes}; ConvLens takes it over height and width")
    node.add("adaptive_avg_pool2d")
