#!/usr/bin/env python3
"""Make the fuzz targets' committed seeds: small sound files, and a dictionary of the words in them (needs Pillow)."""

from __future__ import annotations

import hashlib
import io
import json
import re
import struct
from pathlib import Path
from typing import Any

from PIL import Image

HERE = Path(__file__).parent
BINARY_BYTES = 4096  # as in model_json_fuzzer.cpp


def write(subject: str, name: str, data: bytes) -> None:
    """Write one seed."""
    path = HERE / "corpus" / subject / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def model(layers: list[dict[str, Any]], tensors: dict[str, list[int]], size: int = 8) -> dict[str, Any]:
    """A model of these layers, whose tensors lie one after the other in a file of zeros."""
    return {
        "format": "convlens-model",
        "version": 1,
        "name": "seed",
        "inputs": [
            {
                "name": "image", "kind": "image", "shape": [3, size, size], "channel_order": "rgb", "range": [0, 255],
                "mean": [127, 127, 127], "std": [128, 128, 128], "resize": "bicubic", "crop": 0.875,
            }
        ],
        "layers": layers,
        "output": layers[-1]["name"],
        "classes": ["a", "b"],
        "tensors": {
            name: {"shape": shape, "type": "f32", "offset": 512 * i} for i, (name, shape) in enumerate(tensors.items())
        },
        "binary": {
            "file": "model.bin",
            "bytes": BINARY_BYTES,
            "sha256": hashlib.sha256(bytes(BINARY_BYTES)).hexdigest(),
        },
    }  # fmt: skip


def layer(
    name: str, op: str, inputs: list[str], weights: dict[str, str] | None = None, **params: Any
) -> dict[str, Any]:
    """One layer."""
    return {"name": name, "op": op, "inputs": inputs, "params": params, "weights": weights or {}}


def models() -> dict[str, dict[str, Any]]:
    """Graphs that use many operators."""
    bn = {"weight": "g", "bias": "h", "running_mean": "m", "running_var": "v"}
    classifier = [
        layer("conv", "conv2d", ["image"], {"weight": "w"}, out_channels=4, kernel_size=3, padding="same", bias=False),
        layer("bn", "batch_norm", ["conv"], bn, eps=0.001),
        layer("relu", "relu", ["bn"], max_value=6),
        layer("max", "max_pool2d", ["relu"], kernel_size=2, stride=2, ceil_mode=True),
        layer("avg", "avg_pool2d", ["relu"], kernel_size=2, padding=0, count_include_pad=False),
        layer("cat", "concat", ["max", "avg"]),
        layer("norm", "lrn", ["cat"], size=5, alpha=1e-4, beta=0.75, k=1),
        layer("mean", "adaptive_avg_pool2d", ["norm"], output_size=1),
        layer("flat", "flatten", ["mean"]),
        layer("drop", "dropout", ["flat"], p=0.5),
        layer("fc", "linear", ["drop"], {"weight": "f", "bias": "b"}, out_features=2),
        layer("prob", "softmax", ["fc"]),
    ]
    style = [
        layer("pad", "pad", ["image"], padding=[1, 1, 1, 1], mode="reflect"),
        layer("conv", "conv2d", ["pad"], {"weight": "w", "bias": "b"}, out_channels=4, kernel_size=[3, 3], groups=1),
        layer("norm", "instance_norm", ["conv"], {"weight": "g", "bias": "h"}, eps=1e-5),
        layer("tanh", "tanh", ["norm"]),
        layer("up", "upsample", ["tanh"], scale_factor=2, mode="nearest"),
        layer(
            "back", "conv_transpose2d", ["tanh"], {"weight": "t"}, out_channels=4, kernel_size=2, stride=2, bias=False
        ),
        layer("add", "add", ["up", "back"]),
        layer("sig", "sigmoid", ["add"]),
        layer("gram", "gram", ["sig"], divisor="chw"),
    ]
    vectors = {"g": [4], "h": [4], "m": [4], "v": [4]}
    return {
        "classifier.json": model(classifier, {"w": [4, 3, 3, 3], **vectors, "f": [2, 8], "b": [2]}),
        "style.json": model(style, {"w": [4, 3, 3, 3], "b": [4], "g": [4], "h": [4], "t": [4, 4, 2, 2]}),
    }


def configurations() -> dict[str, dict[str, Any]]:
    """The repository's examples, and a list of runs with every kind of value."""
    examples = {path.name: json.loads(path.read_text()) for path in (HERE / "../../viz/examples").glob("*.json")}
    runs = [
        {"algorithm": "saliency", "class": "espresso", "signed": True, "clip_percentile": 99.5},
        {"algorithm": "guided_backprop", "position": [3, 4], "modes": ["guided", "deconvnet"]},
        {"algorithm": "activations", "layers": ["conv1"], "color_map": "grey", "alpha": 0.5},
        {"algorithm": "filters", "layer": "conv1", "scale": "layer", "gap": 2},
    ]
    return {**examples, "runs.json": {"model": "m", "image": "i.png", "size": [64, 64], "seed": 1, "runs": runs}}


def pictures() -> dict[str, bytes]:
    """A picture of 5 x 4 pixels in each format."""
    rgb = Image.new("RGB", (5, 4), (200, 100, 50))
    rgb.putpixel((2, 1), (10, 20, 250))
    rotated = Image.Exif()
    rotated[0x0112] = 6
    wide = Image.frombytes("I;16", (5, 4), struct.pack("<20H", *range(0, 60000, 3000)))
    files: dict[str, bytes] = {}
    for name, image, options in [
        ("rgb.png", rgb, {}),
        ("rgba.png", rgb.convert("RGBA"), {}),
        ("grey.png", rgb.convert("L"), {}),
        ("palette.png", rgb.convert("P"), {}),
        ("grey16.png", wide, {}),
        ("rgb.bmp", rgb, {}),
        ("rgb.jpg", rgb, {"quality": 90}),
        ("rotated.jpg", rgb, {"exif": rotated}),
        ("grey.jpg", rgb.convert("L"), {}),
        ("progressive.jpg", rgb, {"progressive": True}),
    ]:
        stream = io.BytesIO()
        image.save(stream, {"png": "PNG", "bmp": "BMP", "jpg": "JPEG"}[name.split(".")[1]], **options)
        files[name] = stream.getvalue()
    return files


def main() -> None:
    """Write all seeds."""
    words: set[str] = set()
    for subject, documents in (("model_json", models()), ("config", configurations())):
        for name, document in documents.items():
            text = json.dumps(document)
            words.update(re.findall(r'"[a-z0-9_ ]+"', text))
            write(subject, name, text.encode())
    for name, data in pictures().items():
        write("image", name, data)
    numbers = struct.pack("<16f", *range(16)) + struct.pack("<16e", *range(16)) + bytes(32)
    write("model_bin", "sound.bin", struct.pack("<4H", 0, 16, 4, 16) + numbers)
    write("model_bin", "nan.bin", struct.pack("<4H", 0, 4, 4, 2) + struct.pack("<f", float("nan")) + bytes(124))
    write("model_bin", "overlapping.bin", struct.pack("<4H", 0, 32, 4, 16) + numbers)
    lines = [json.dumps(word) for word in sorted(words)]
    (HERE / "json.dict").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
