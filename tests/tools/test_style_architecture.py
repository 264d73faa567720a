"""The architectures in weights are what the tool writes, and decoders mirror their encoders."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import make_style_architecture as tool

WRITTEN = {
    "fast_style/architecture.json": lambda: tool.architecture(width=32, blocks=5, styles=1, size=256),
    "fast_style/small_architecture.json": lambda: tool.architecture(width=16, blocks=3, styles=1, size=128),
    "adain/architecture.json": lambda: tool.decoder(stage=4, width=64, size=256),
    "adain/small_architecture.json": lambda: tool.decoder(stage=3, width=32, size=64),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_committed_architectures_are_what_the_tool_writes(repository: Path, name: str) -> None:
    """A change of the tool must reach the files."""
    assert (repository / "weights" / name).read_text(encoding="utf-8") == tool.text_of(WRITTEN[name]())


def test_decoder_mirrors_vgg19(repository: Path) -> None:
    """Read backwards, the decoder of relu4_1 has the channels and pools of the encoder."""
    stages = json.loads((repository / "weights/catalogue/vgg.json").read_text())["models"]["vgg19"]["parameters"][
        "stages"
    ]
    inputs, channels = [], 3
    for stage, width, convolutions, _ in stages[:4]:
        for _ in range(convolutions if stage < 4 else 1):
            inputs.append(channels)
            channels = width
    parts = tool.decoder(stage=4, width=64, size=256)
    outputs = [layer["params"]["out_channels"] for layer in parts["layers"] if layer["op"] == "conv2d"]
    assert outputs == inputs[::-1]
    assert [layer["op"] for layer in parts["layers"]].count("upsample") == 3
    assert parts["inputs"][0]["shape"] == [channels, 32, 32]
