#!/usr/bin/env python3
"""Convert a local file of weights (.pth, .safetensors, .npz, .onnx) to ConvLens' model format.

With --architecture the layers come from the catalogue, and the file gives the numbers; an ONNX file can do without.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from convlens import catalogue
from convlens.command_line import add_common_arguments, chosen_classes, run
from convlens.errors import UserError
from convlens.model import Model
from convlens.model_file import write_model
from convlens.readers import read_tensors


def from_catalogue(arguments: argparse.Namespace) -> Model:
    """Layers from the catalogue, numbers from the file."""
    entry = catalogue.load(arguments.architecture)
    model, scheme = entry.assemble(read_tensors(arguments.file), arguments.weights)
    model.classes = chosen_classes(arguments.classes, entry.class_source(scheme), arguments.cache)
    return model


def from_onnx(arguments: argparse.Namespace) -> Model:
    """Layers and numbers from an ONNX graph."""
    from convlens.onnx_import import import_onnx

    model = import_onnx(arguments.file, arguments.input)
    model.classes = chosen_classes(arguments.classes, None, arguments.cache)
    return model


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("file", type=Path, help="the file of weights")
    parser.add_argument("--architecture", metavar="NAME", help="which network it is (get_model.py --list shows all)")
    parser.add_argument("--out", type=Path, help="the model's folder (default: models/NAME)")
    parser.add_argument(
        "--input", metavar="SPEC", help="for ONNX: how images are fed, a name from weights/catalogue/inputs"
    )
    add_common_arguments(parser)
    arguments = parser.parse_args()
    if arguments.architecture is None and arguments.file.suffix != ".onnx":
        raise UserError(f"{arguments.file} holds no layers, only numbers: say what it is with --architecture NAME")
    model = from_catalogue(arguments) if arguments.architecture else from_onnx(arguments)
    out = arguments.out or Path("models") / model.name
    write_model(out, model, arguments.type)
    print(f"{model.name}: {out}")


if __name__ == "__main__":
    run(main)
