#!/usr/bin/env python3
"""Write the architecture of a network that paints photos, for `viz_run train_fast_style` or `viz_run train_adain`.

For one style or several: the network of Johnson et al. (2016) with the changes that became customary, instance norm
(Ulyanov et al. 2017; Dumoulin et al. 2017 for several styles), reflected padding, and enlarging before a convolution
(Odena et al. 2016). For any style: the decoder of Huang and Belongie (2017), VGG-19 mirrored, without norms.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

Layer = dict[str, Any]

# Of VGG-19.
_CONVOLUTIONS_OF_STAGE = [2, 2, 4, 4, 4]
_WIDTH_OF_STAGE = [64, 128, 256, 512, 512]


class Network:
    """Layers, each reading the one before unless told otherwise."""

    def __init__(self, first: str, styles: int = 1) -> None:
        """Begin at an input."""
        self.styles = styles
        self.layers: list[Layer] = []
        self.last = first

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


def model(name: str, description: str, inputs: list[dict[str, Any]], network: Network) -> dict[str, Any]:
    """Describe a network with its inputs."""
    return {
        "format": "convlens-model",
        "version": 1,
        "name": name,
        "description": description,
        "inputs": inputs,
        "layers": network.layers,
        "output": network.last,
    }


def architecture(width: int, blocks: int, styles: int, size: int) -> dict[str, Any]:
    """Describe the whole network."""
    network = Network("image", styles)
    network.block("contract1", width, 9)
    network.block("contract2", 2 * width, 3, 2)
    network.block("contract3", 4 * width, 3, 2)
    for i in range(blocks):
        network.residual(f"residual{i + 1}", 4 * width)
    network.enlarge("expand1", 2 * width)
    network.enlarge("expand2", width)
    network.conv("expand3", 3, 9, bias=True)
    network.add("picture", "sigmoid")
    inputs: list[dict[str, Any]] = [{"name": "image", "kind": "image", "shape": [3, size, size], "range": [0, 1]}]
    if styles > 1:
        inputs.append({"name": "style", "kind": "vector", "shape": [styles, 1, 1]})
    return model(
        f"fast_style_{width}x{blocks}",
        "paints photos in a style (Johnson et al. 2016), trained by ConvLens",
        inputs,
        network,
    )


def decoder(stage: int, width: int, size: int) -> dict[str, Any]:
    """Describe the decoder of VGG-19's relu{stage}_1, its last hidden layer `width` channels wide."""
    network = Network("features")
    for s in range(stage, 0, -1):
        convolutions = 1 if s == stage else _CONVOLUTIONS_OF_STAGE[s - 1]
        for k in range(convolutions, 0, -1):
            channels = width * 2 ** (s - 1) if k > 1 else width * 2 ** (s - 2)
            if s == k == 1:
                network.conv("picture", 3, 3, bias=True)
            else:
                network.conv(f"decode{s}_{k}", int(channels), 3, bias=True)
                network.add(f"decode{s}_{k}.relu", "relu")
        if s > 1:
            network.add(f"unpool{s - 1}", "upsample", scale_factor=2)
    side = size // 2 ** (stage - 1)
    features = {"name": "features", "kind": "vector", "shape": [_WIDTH_OF_STAGE[stage - 1], side, side]}
    return model(
        f"adain_relu{stage}_1_{width}",
        "paints photos in the style of any picture (Huang and Belongie 2017), trained by ConvLens",
        [features],
        network,
    )


def text_of(parts: dict[str, Any]) -> str:
    """Return the JSON, a layer a line."""
    layers = ",\n    ".join(json.dumps(layer) for layer in parts["layers"])
    keys = ",\n  ".join(f"{json.dumps(key)}: {json.dumps(parts[key])}" for key in parts if key != "layers")
    return f'{{\n  {keys},\n  "layers": [\n    {layers}\n  ]\n}}\n'


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("file", type=Path, help="where it is written (JSON)")
    parser.add_argument(
        "--decode", metavar="N", type=int, choices=range(1, 6), help="a decoder of VGG-19's reluN_1, for train_adain"
    )
    parser.add_argument("--width", type=int, default=32, help="channels of the widest map (default: 32)")
    parser.add_argument("--blocks", type=int, default=5, help="residual blocks (default: 5)")
    parser.add_argument("--styles", type=int, default=1, help="styles that it can paint in (default: 1)")
    parser.add_argument("--size", type=int, default=256, help="pixels of its input each way (default: 256)")
    arguments = parser.parse_args()
    if arguments.decode:
        parts = decoder(arguments.decode, arguments.width, arguments.size)
    else:
        parts = architecture(arguments.width, arguments.blocks, arguments.styles, arguments.size)
    arguments.file.write_text(text_of(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
