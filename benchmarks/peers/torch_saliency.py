#!/usr/bin/env python3
"""What `viz_run` saliency does, as one writes it with PyTorch: read model and photo, forward, backward, write a PNG.

Usage: torch_saliency.py MODEL_FOLDER IMAGE OUT_FOLDER THREADS
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
from torch_graph import TorchGraph

FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


def network_input(photo: Path, spec: dict[str, object]) -> torch.Tensor:
    """The photo as the model's input, as docs/format.md says."""
    _, height, width = spec["shape"]  # type: ignore[misc]
    image = ImageOps.exif_transpose(Image.open(photo)).convert("RGB")
    edge = round(height / float(spec.get("crop", 1)))  # type: ignore[arg-type]
    image = ImageOps.fit(image, (edge, edge), FILTERS[str(spec.get("resize", "bilinear"))])
    left, top = (edge - width) // 2, (edge - height) // 2
    pixels = np.asarray(image.crop((left, top, left + width, top + height)), np.float32) / 255
    low, high = spec.get("range", (0, 1))  # type: ignore[misc]
    pixels = low + (high - low) * pixels
    if spec.get("channel_order", "rgb") == "bgr":
        pixels = pixels[:, :, ::-1]
    mean, std = (np.asarray(spec.get(key, fill), np.float32) for key, fill in (("mean", 0.0), ("std", 1.0)))
    return torch.from_numpy(np.ascontiguousarray(((pixels - mean) / std).transpose(2, 0, 1)[None], np.float32))


def main() -> None:
    """Run the command."""
    folder, photo, out = (Path(argument) for argument in sys.argv[1:4])
    torch.set_num_threads(int(sys.argv[4]))
    spec = json.loads((folder / "model.json").read_text(encoding="utf-8"))["inputs"][0]
    network = TorchGraph(folder, torch.contiguous_format)
    x = network_input(photo, spec).requires_grad_()
    (gradient,) = torch.autograd.grad(network(x).max(), x)
    saliency = gradient[0].abs().amax(0).numpy()
    shown = np.clip(saliency / np.percentile(saliency, 99), 0, 1)
    Image.fromarray((255 * shown).astype(np.uint8)).save(out / "torch_saliency.png")


if __name__ == "__main__":
    main()
