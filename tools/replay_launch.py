#!/usr/bin/env python3
"""Repeat launches of CUDA kernels that `kernel_bench --export` wrote, and compare what they leave.

By the interpreter of tools/ptx, which needs no GPU, or on the GPU of this machine. The exit code is 1 if a result
differs by more than the tolerance.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from convlens.command_line import run
from ptx import driver, launch

PLACES = {"ptx": launch.interpret, "gpu": driver.run_on_gpu}


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="+", help="a launch's folder")
    parser.add_argument("--on", choices=PLACES, default="ptx", help="what runs it (default: %(default)s)")
    parser.add_argument(
        "--tolerance",
        type=float,
        default=1e-5,
        help="of floats, relative to the largest; other types have to be equal (default: %(default)s)",
    )
    arguments = parser.parse_args()
    close = [replay(folder, arguments.on, arguments.tolerance) for folder in arguments.folder]
    sys.exit(0 if all(close) else 1)


def replay(folder: Path, place: str, tolerance: float) -> bool:
    """Repeat one launch and print a line for each buffer; whether all are as they should be."""
    exported = launch.read_launch(folder)
    found = PLACES[place](exported)
    print(folder.name)
    close = True
    for name, expected in exported.after.items():
        apart = launch.difference(found[name], expected)
        changed = "written" if not (exported.before[name] == expected).all() else "as it was"
        print(f"  {name:10} {expected.dtype} x {expected.size}, {changed}: relative difference {apart:.1e}")
        close = close and apart <= tolerance
    return close


if __name__ == "__main__":
    run(main)
