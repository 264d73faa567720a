#!/usr/bin/env python3
"""Write the architecture of a network that paints photos in a style, for `viz_run train_fast_style`.

The network of Johnson et al. (2016) with the changes that became customary: instance norm (Ulyanov et al. 2017;
Dumoulin et al. 2017 for several styles), reflected padding, and enlarging before a convolution (Odena et al. 2016).
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

Layer = dict[str, Any]


class Network:
    """Layers, each reading the one before unless told otherwise."""

    def __init__(self, styles: int) -> None:
        """Begin at the image."""
        self.styles = styles
        self.layers: list[Layer] = []
        self.last = "image"

    def add(self, name: str, op: str, inputs: list[str] | None = None, **params: object) -> None:
        """Append a layer."""
        layer: Layer = {"name": name, "op": op, "inputs": inputs or [self.last]}
        if params:
            layer["params"] = params
        self.layers.append(layer)
        self.last = name

    def conv(self, name: str, channels: int, kernel: int, stride: int = 1, *, bias: bool = False) -> None:
        """Append a convolution whose padding is reflected."""
        self.add(f"{name}.pad", "pad", padding=kernel // 2, mode="reflect")
        self.add(name, "conv2d", out_channels=channels, kernel_size=kernel, stride=stride, bias=bias)

    def norm(self, name: str) -> None:
        """Append an instance norm, one scale and shift for each style."""
        if self.styles == 1:
            self.add(name, "instance_norm")
        else:
            self.add(name, "conditional_instance_norm", [self.last, "style"], styles=self.styles)

    def block(self, name: str, channels: int, kernel: int, stride: int = 1) -> None:
        """Append convolution, norm and ReLU."""
        self.conv(name, channels, kernel, stride)
        self.norm(f"{name}.norm")
        self.add(f"{name}.relu", "relu")

    def residual(self, name: str, channels: int) -> None:
        """Append a residual block."""
        start = self.last
        self.block(f"{name}.conv1", channels, 3)
        self.conv(f"{name}.conv2", channels, 3)
        self.norm(f"{name}.conv2.norm")
        self.add(name, "add", [start, self.last])

    def enlarge(self, name: str, channels: int) -> None:
        """Append an enlarging block."""
        self.add(f"{name}.upsample", "upsample", scale_factor=2)
        self.block(name, channels, 3)


def architecture(width: int, blocks: int, styles: int, size: int) -> dict[str, Any]:
    """Describe the whole network."""
    network = Network(styles)
    network.block("contract1", width, 9)
    network.block("contract2", 2 * width, 3, 2)
    network.block("contract3", 4 * width, 3, 2)
    for i in range(blocks):
        network.residual(f"residual{i + 1}", 4 * width)
    network.enlarge("expand1", 2 * width)
    network.enlarge("expand2", width)
    network.conv("expand3", 3, 9, bias=True)
    network.add("picture", "sigmoid")
    inputs: list[Layer] = [{"name": "image", "kind": "image", "shape": [3, size, size], "range": [0, 1]}]
    if styles > 1:
        inputs.append({"name": "style", "kind": "vector", "shape": [styles, 1, 1]})
    return {
        "format": "convlens-model",
        "version": 1,
        "name": f"fast_style_{width}x{blocks}",
        "description": "paints photos in a style (Johnson et al. 2016), trained by ConvLens",
        "inputs": inputs,
        "layers": network.layers,
        "output": network.last,
    }


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("file", type=Path, help="where it is written (JSON)")
    parser.add_argument("--width", type=int, default=32, help="channels of the first layer (default: 32)")
    parser.add_argument("--blocks", type=int, default=5, help="residual blocks (default: 5)")
    parser.add_argument("--styles", type=int, default=1, help="styles that it can paint in (default: 1)")
    parser.add_argument("--size", type=int, default=256, help="pixels of its input each way (default: 256)")
    arguments = parser.parse_args()
    parts = architecture(arguments.width, arguments.blocks, arguments.styles, arguments.size)
    layers = ",\n    ".join(json.dumps(layer) for layer in parts.pop("layers"))
    keys = ",\n  ".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in parts.items())
    text = f'{{\n  {keys},\n  "layers": [\n    {layers}\n  ]\n}}\n'
    arguments.file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
