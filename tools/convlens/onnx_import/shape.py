"""Padding, cropping, resizing, joining, and changes of shape alone."""

from __future__ import annotations

import math

import numpy as np

from convlens.onnx_import.convolution import compact
from convlens.onnx_import.graph import Node, handles
from convlens.operators import explicit_padding


@handles("Concat")
def concat(node: Node) -> None:
    """Concat along the channels -> concat."""
    if node.attribute("axis", 1) not in (1, -3):
        raise node.refusal(f"joins along axis {node.attribute('axis')}; ConvLens joins channels")
    node.add("concat", inputs=[node.source(i) for i in range(len(node.proto.input))])


@handles("Pad")
def pad(node: Node) -> None:
    """Pad with zeros or by reflection -> pad. The amounts are an input from opset 11 on."""
    mode = node.attribute("mode", "constant")
    pads = [int(v) for v in (node.constant(1) if node.has_input(1) else node.attribute("pads"))]
    value = float(node.constant(2)) if node.has_input(2) else node.attribute("value", 0.0)
    if (
        mode not in ("constant", "reflect")
        or (mode == "constant" and value != 0)
        or len(pads) != 8
        or pads[0]
        or pads[4]
    ):
        raise node.refusal(
            f"pads by mode {mode!r}, value {value}, amounts {pads}; ConvLens pads images with zeros or mirrored"
        )
    if mode == "reflect" and (pads[1] or pads[5]):
        raise node.refusal("mirrors channels, which ConvLens does not have")
    params = {"padding": compact([pads[2], pads[3], pads[6], pads[7]]), "channels": [pads[1], pads[5]]}
    if params["channels"] == [0, 0]:
        del params["channels"]
    node.add("pad", {**params, "mode": "zero" if mode == "constant" else "reflect"})


@handles("Crop")
def crop(node: Node) -> None:
    """CoreML's Crop: more padding of a transposed convolution before it, else a negative pad."""
    if node.attribute("scale") is not None:
        raise node.refusal("crops to a size, which ConvLens does not have")
    left, top, right, bottom = node.attribute("border")
    if producer := node.sole_producer("conv_transpose2d"):
        before = explicit_padding(producer.params.get("padding", 0))
        producer.params["padding"] = compact(np.add(before, [top, left, bottom, right]))
        n, c, height, width = node.shape()
        node.graph.shapes[producer.name] = (n, c, height - top - bottom, width - left - right)
        node.alias()
        return
    node.add("pad", {"padding": compact([-top, -left, -bottom, -right])})


@handles("Upsample", "Resize")
def resize(node: Node) -> None:
    """Enlargement by an integer -> upsample."""
    mode = node.attribute("mode", "nearest")
    factors = _factors(node)
    if any(f != int(f) or f < 1 for f in factors) or factors[:2] != [1, 1]:
        raise node.refusal(f"scales by {factors}; ConvLens enlarges height and width by integers")
    scale = compact(factors[2:])
    rule = node.attribute("coordinate_transformation_mode", "half_pixel")
    if node.proto.op_type == "Upsample":
        rule = "asymmetric"
    if mode == "nearest":
        rounding = node.attribute("nearest_mode", "round_prefer_floor")
        floors = rounding == "floor" or node.proto.op_type == "Upsample"
        if not (
            (rule == "asymmetric" and floors) or (rule in ("half_pixel", "pytorch_half_pixel") and "round" in rounding)
        ):
            raise node.refusal(f"takes the nearest pixel by {rule} and {rounding}; ConvLens repeats each pixel")
        node.add("upsample", {"scale_factor": scale})
    elif mode in ("linear", "bilinear") and rule in ("half_pixel", "pytorch_half_pixel", "align_corners"):
        node.add("upsample", {"scale_factor": scale, "mode": "bilinear", "align_corners": rule == "align_corners"})
    else:
        raise node.refusal(f"interpolates by mode {mode!r} and {rule!r}, which ConvLens does not have")


def _factors(node: Node) -> list[float]:
    if node.proto.op_type == "Upsample" and not node.has_input(1):
        return list(node.attribute("scales"))
    scales = 1 if node.proto.op_type == "Upsample" or node.graph.opset < 11 else 2
    if node.is_constant(scales) and node.constant(scales).size:
        return [float(f) for f in node.constant(scales)]
    return [size / old for size, old in zip(node.constant(3).tolist(), node.shape(), strict=True)]


@handles("Flatten")
def flatten(node: Node) -> None:
    """Flatten behind the batch -> flatten."""
    node.require("axis", 1, -3)
    node.add("flatten")


@handles("Reshape", "Squeeze", "Unsqueeze")
def reshape(node: Node) -> None:
    """Reshape to a vector -> flatten, of one to a map -> unflatten; one that moves ones alone -> nothing."""
    shape, features = node.shape(), math.prod(node.shape()[1:])
    if node.proto.op_type != "Reshape":
        wanted = list(shape[:2]) if shape[2:] == (1, 1) else []
    else:
        wanted = [shape[i] if size == 0 else int(size) for i, size in enumerate(node.constant(1))]
        if -1 in wanted:
            wanted[wanted.index(-1)] = math.prod(shape) // -math.prod(wanted)
    if tuple(wanted) == shape or (shape[2:] == (1, 1) and [n for n in wanted if n > 1] == [n for n in shape if n > 1]):
        node.alias()
    elif wanted == [shape[0], features]:
        node.add("flatten")
    elif shape[1] == features and len(wanted) == 4 and wanted[0] == shape[0]:
        node.add("unflatten", dict(zip(("channels", "height", "width"), wanted[1:], strict=True)))
    else:
        raise node.refusal(f"changes the shape {list(shape)} to {wanted}; ConvLens has flatten and unflatten")
