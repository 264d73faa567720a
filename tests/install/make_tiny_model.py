#!/usr/bin/env python3
"""Make tiny_model: three classes, whose scores are the means of an image's red, green and blue."""

from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path

FOLDER = Path(__file__).parent / "tiny_model"


def main() -> None:
    """Write model.json and model.bin."""
    identity = struct.pack("<9f", 1, 0, 0, 0, 1, 0, 0, 0, 1)
    document = {
        "format": "convlens-model",
        "version": 1,
        "name": "tiny",
        "inputs": [{"name": "image", "kind": "image", "shape": [3, 4, 4], "channel_order": "rgb", "range": [0, 1]}],
        "layers": [
            {"name": "mean", "op": "adaptive_avg_pool2d", "inputs": ["image"]},
            {
                "name": "scores",
                "op": "linear",
                "inputs": ["mean"],
                "params": {"out_features": 3, "bias": False},
                "weights": {"weight": "identity"},
            },
        ],
        "output": "scores",
        "classes": ["red", "green", "blue"],
        "tensors": {"identity": {"shape": [3, 3], "type": "f32", "offset": 0}},
        "binary": {"file": "model.bin", "bytes": len(identity), "sha256": hashlib.sha256(identity).hexdigest()},
    }
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "model.json").write_text(json.dumps(document, indent=2) + "\n")
    (FOLDER / "model.bin").write_bytes(identity)


if __name__ == "__main__":
    main()
