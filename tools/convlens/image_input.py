"""A photo as a network's input, by the rules of docs/format.md."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

_FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


def load_image(path: Path | str, spec: Mapping[str, Any]) -> np.ndarray:
    """The input tensor, 1 x C x H x W: resized so that the shorter edge fits, cut out of the centre, normalized."""
    image = ImageOps.exif_transpose(Image.open(path)).convert("L" if spec["channel_order"] == "grey" else "RGB")
    _, height, width = spec["shape"]
    edge = round(height / spec["crop"])
    scale = edge / min(image.size)
    image = image.resize((round(image.width * scale), round(image.height * scale)), _FILTERS[spec["resize"]])
    left, top = (image.width - width) // 2, (image.height - height) // 2
    pixels = np.asarray(image.crop((left, top, left + width, top + height)), np.float32).reshape(height, width, -1)
    if spec["channel_order"] == "bgr":
        pixels = pixels[..., ::-1]
    low, high = spec["range"]
    values = (pixels / 255 * (high - low) + low - np.float32(spec["mean"])) / np.float32(spec["std"])
    return np.ascontiguousarray(values.transpose(2, 0, 1)[None], np.float32)
