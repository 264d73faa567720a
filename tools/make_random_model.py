#!/usr/bin/env python3
"""Write a network of the catalogue with random weights, the same on every machine: what tests/golden was made with."""

from __future__ import annotations

import argparse
from pathlib import Path

from convlens import catalogue
from convlens.command_line import run
from convlens.model_file import write_model
from convlens.random_model import random_model


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help="an architecture of the catalogue")
    parser.add_argument("--out", type=Path, required=True, help="folder that gets a folder NAME")
    parser.add_argument("--size", type=int, help="height and width of the input (default: as for the golden file)")
    parser.add_argument("--seed", type=int, default=1, help="another seed gives other weights (default: 1)")
    parser.add_argument(
        "--full", action="store_true", help="all parameters as published, none reduced for the golden file"
    )
    arguments = parser.parse_args()
    entry = catalogue.load(arguments.name)
    reduced = {} if arguments.full else entry.golden
    size = arguments.size or reduced.get("size")
    model = random_model(entry, arguments.seed, size, reduced.get("parameters"))
    write_model(arguments.out / entry.name, model)
    print(f"{entry.name}: {arguments.out / entry.name}")


if __name__ == "__main__":
    run(main)
