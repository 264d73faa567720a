#!/usr/bin/env python3
"""Write what the compiler made of each CUDA kernel, as JSON: registers, memory, and the instructions of its code.

    tools/report_cuda_kernels.py --cuobjdump PATH --nvdisasm PATH --compiler NAME --output FILE OBJECT..

Resources are those of every architecture in the objects, instructions those of sm_80 and sm_90a. CMake calls it after
nvcc (kernels/simt/gpu/report.cmake).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from convlens import sass

DISASSEMBLED = ("sm_80", "sm_90a")


def cuobjdump(arguments: argparse.Namespace, *options: str) -> str:
    """Its output; it looks for nvdisasm on the PATH."""
    environment = os.environ | {"PATH": f"{Path(arguments.nvdisasm).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    return subprocess.run(
        [arguments.cuobjdump, *options], env=environment, check=True, capture_output=True, text=True
    ).stdout


def source_of(built: Path) -> str:
    """conv2d/cuda/01_naive.cu of .../convlens_cuda.dir/__/__/conv2d/cuda/01_naive.cu.o."""
    return built.as_posix().rpartition("__/")[2].removesuffix(".o")


def demangled(names: list[str]) -> list[str]:
    """Names as the source has them, without "void" and parameters; nvcc's unnamed namespaces are g++'s."""
    text = subprocess.run(["c++filt", "-p"], input="\n".join(names), check=True, capture_output=True, text=True).stdout
    return [line.removeprefix("void ") for line in text.splitlines()]


def counted_as_reserved(architecture: str) -> int:
    """Of every block's shared memory the system keeps 1 KiB; from compute capability 9.0 on cuobjdump counts it too."""
    number = int("".join(filter(str.isdigit, architecture)))
    return 1024 if number >= 90 else 0


def code_report(code: list[sass.Instruction]) -> dict[str, Any]:
    """Instructions of the whole kernel, and of the loop in which it multiplies."""
    report: dict[str, Any] = {"instructions": sass.mix(code), "main_loop": sass.mix(sass.main_loop(code))}
    types = sass.input_types(code)
    return report | ({"matrix_types": types} if types else {})


def kernels_of(arguments: argparse.Namespace, built: Path) -> list[dict[str, Any]]:
    """All kernels of an object."""
    usage = sass.by_architecture(cuobjdump(arguments, "--dump-resource-usage", str(built)))
    found = {
        architecture: sass.resources(text, counted_as_reserved(architecture)) for architecture, text in usage.items()
    }
    for architecture in DISASSEMBLED:
        for name, code in sass.instructions(cuobjdump(arguments, "-sass", "-arch", architecture, str(built))):
            found[architecture][name] |= code_report(code)
    names = sorted({name for kernels in found.values() for name in kernels})
    return [
        {
            "file": source_of(built),
            "kernel": readable,
            "architectures": {a: kernels[name] for a, kernels in found.items() if name in kernels},
        }
        for name, readable in zip(names, demangled(names), strict=True)
    ]


def main() -> None:
    """Read the objects and write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cuobjdump", required=True)
    parser.add_argument("--nvdisasm", required=True)
    parser.add_argument("--compiler", required=True, help="its name and version, for the record")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("objects", nargs="+", type=Path)
    arguments = parser.parse_args()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        lists = pool.map(partial(kernels_of, arguments), sorted(arguments.objects))
        kernels = [kernel for kernels in lists for kernel in kernels]
    report = {"compiler": arguments.compiler, "kernels": kernels}
    arguments.output.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
