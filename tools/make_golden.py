#!/usr/bin/env python3
"""Write the golden files of tests/golden: for every architecture the output and input gradient of a random network."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from convlens import catalogue
from convlens.command_line import run
from convlens.golden import make_golden

GOLDEN = Path(__file__).resolve().parents[1] / "tests" / "golden"


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="architectures (default: all)")
    parser.add_argument("--out", type=Path, default=GOLDEN, help="folder (default: tests/golden)")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name in arguments.names or catalogue.names():
        golden = make_golden(catalogue.load(name))
        lines = (f" {json.dumps(key)}: {json.dumps(value)}" for key, value in golden.items())
        (arguments.out / f"{name}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
        print(f"{name}: seed {golden['seed']}, margin {golden['margin']}", flush=True)


if __name__ == "__main__":
    run(main)
