#!/usr/bin/env python3
"""Write docs/results/OP-simt.md: what the CUDA kernels of operators would do on a GPU, as kernel_bench models it.

    tools/make_modelled_tables.py [--build FOLDER] [--blocks N] [OP..]     without OP: conv2d gram linear

The build must have nvcc, a disassembler (tools/requirements-dev.txt) and the lens.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from convlens import modelled_table

ROOT = Path(__file__).resolve().parents[1]
PASSES = ("forward", "backward_data", "backward_weights")


def modelled(build: Path, op: str, which: str, blocks: int) -> dict[str, Any]:
    """kernel_bench's record of one pass. Whether kernels are right is for the tests."""
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder) / "record.json"
        command = [build / "benchmarks" / "kernel_bench", "--device", "simt", "--op", op, "--pass", which, "--no-check"]
        subprocess.run([*command, "--blocks", str(blocks), "--json", record], check=True)
        return json.loads(record.read_text(encoding="utf-8"))


def main() -> None:
    """Write the pages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build")
    parser.add_argument("--blocks", type=int, default=3, help="of each launch at most so many are run")
    parser.add_argument("ops", nargs="*", default=["conv2d", "gram", "linear"], metavar="OP")
    arguments = parser.parse_args()
    compiled = json.loads((arguments.build / "kernels/simt/gpu/cuda_kernels.json").read_text(encoding="utf-8"))
    for op in arguments.ops:
        records = [modelled(arguments.build, op, which, arguments.blocks) for which in PASSES]
        target = ROOT / "docs" / "results" / f"{op}-simt.md"
        target.write_text(modelled_table.page(op, compiled, records), encoding="utf-8")


if __name__ == "__main__":
    main()
