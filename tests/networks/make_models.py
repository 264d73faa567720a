#!/usr/bin/env python3
"""Make the models that the tests of whole networks run: make_models.py FOLDER.

The random ones of the golden files, and, where the folder of trained networks is there, those converted.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("CONVLENS_SHARED", ROOT.parent / "shared"))
TRAINED = {
    "squeezenet1_1": ("squeezenet_v1.1.npz", "squeezenet1_1"),
    "bvlc_googlenet": ("bvlc_googlenet.npz", "bvlc_googlenet"),
    "cifar_resnet20": ("cifar10_resnet20.pth", "cifar_resnet20"),
    "candy": ("candy.onnx", None),
    "vgg19": ("vgg19_conv.npz", "vgg19"),
    "conditional_style26": ("conditional_instance_norm_26styles.npz", "conditional_style26"),
}


def tool(name: str, *arguments: object) -> None:
    """Run one of the project's tools."""
    subprocess.run([sys.executable, ROOT / "tools" / name, *map(str, arguments)], check=True)


def main() -> None:
    """Make what is not there yet."""
    folder = Path(sys.argv[1])
    for golden in sorted((ROOT / "tests" / "golden").glob("*.json")):
        if not (folder / "random" / golden.stem).exists():
            tool("make_random_model.py", golden.stem, "--out", folder / "random")
    for name, (file, architecture) in TRAINED.items():
        source, target = SHARED / "weights" / file, folder / "trained" / name
        if source.exists() and not target.exists():
            named = ["--architecture", architecture] if architecture else []
            tool("convert.py", source, *named, "--out", target)


if __name__ == "__main__":
    main()
