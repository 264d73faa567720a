#!/usr/bin/env python3
"""Download two sample photos in the public domain (CC0), a cup of coffee and a cat, from scikit-image's package."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from convlens.command_line import run
from convlens.fetch import default_cache, fetch

_PACKAGE = {
    "pypi": "scikit_image==0.26.0",
    "platform": "cp311-manylinux_2_28_x86_64",
    "sha256": "74aa5518ccea28121f57a95374581d3b979839adc25bb03f289b1bc9b99c58af",
}
# By Rachel Michetti and Stefan van der Walt: "No copyright restrictions. CC0 by the photographer"
# (skimage/data/_fetchers.py).
_SHA256_OF_PHOTO = {
    "coffee.png": "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7",
    "chelsea.png": "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb",
}


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("models/samples"), help="folder (default: models/samples)")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="for downloads (default: %(default)s)")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name, sha256 in _SHA256_OF_PHOTO.items():
        photo = fetch({**_PACKAGE, "file": f"skimage/data/{name}", "file_sha256": sha256}, arguments.cache)
        shutil.copyfile(photo, arguments.out / name)
        print(arguments.out / name)


if __name__ == "__main__":
    run(main)
