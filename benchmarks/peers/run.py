#!/usr/bin/env python3
"""Compare this engine with ONNX Runtime, OpenVINO, ncnn and PyTorch on whole networks; write docs/results/cpu.md.

Makes a virtual environment of its own under BUILD/peers at the first run. Nothing else should run on the machine.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import subprocess
import sys
import time
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from contestants import Network, Process

    from convlens.model import Model

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CLASSIFIERS = [
    "vgg16", "vgg19", "resnet18", "resnet50", "bvlc_googlenet", "squeezenet1_1", "alexnet", "efficientnet_lite0",
]  # fmt: skip


@dataclass(frozen=True)
class Workload:
    """A row of a table: a network, the height and width of its image if not its own, and how many images."""

    network: str
    size: int | None = None
    batch: int = 1

    def __str__(self) -> str:
        size = f"_{self.size}" if self.size else ""
        return f"{self.network}{size}" + (f"_batch{self.batch}" if self.batch > 1 else "")


WORKLOADS = {
    "forward": [*map(Workload, CLASSIFIERS), Workload("fast_neural_style", size=512)],
    "batch": [Workload("resnet18", batch=16), Workload("efficientnet_lite0", batch=16)],
    "gradient": [*map(Workload, CLASSIFIERS)],
    "guided": [Workload("vgg16")],
    "bf16": [Workload("vgg16"), Workload("resnet50")],
    "style": [Workload("vgg19", size=512)],
    "occlusion": [Workload("resnet18", batch=16), Workload("vgg16", batch=16)],
}
WITH_GRADIENT = {"gradient", "guided", "style"}
# First word of a framework's name -> its package.
PACKAGES = {"ONNX": "onnxruntime", "OpenVINO": "openvino", "ncnn": "ncnn", "PyTorch": "torch"}
# Of some million values before a ReLU, a few lie so near zero that rounding decides whether the gradient passes, and
# each changes it by up to a percent; on inputs without such a value gradients differ by 1e-6. tests/golden is stricter.
TOLERANCE = {"output": 1e-4, "gradient": 3e-2}
BF16_TOLERANCE = {"output": 3e-2}
RUNS = 4
# Threads of a framework that has just answered may spin for a while before they sleep.
PAUSE = 0.1


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, required=True, help="build folder that holds benchmarks/network_bench")
    parser.add_argument("--only", action="append", metavar="NETWORK", help="only this network (may be repeated)")
    parser.add_argument("--kind", choices=WORKLOADS, action="append", help="default: all")
    parser.add_argument("--models", type=Path, help="folder with converted models to use in place of random weights")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, default=12, help="turns of all frameworks, four runs each")
    parser.add_argument("--without-torch", action="store_true", help="PyTorch and its libraries take some 3 GB")
    parser.add_argument("--venv", type=Path, help="virtual environment to use as it is")
    parser.add_argument("--out", type=Path, help="page to write (default: docs/results/cpu.md if all is measured)")
    return parser.parse_args()


def enter_environment(arguments: argparse.Namespace) -> None:
    """Go on as a process of the virtual environment, which is made if it is not there."""
    folder = arguments.venv or arguments.build / "peers" / "venv"
    python = folder.absolute() / "bin" / "python"
    if Path(sys.prefix) == folder.absolute():
        return
    if not arguments.venv:
        if not python.exists():
            venv.create(folder, with_pip=True)
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, "--no-deps", "-r", HERE / "requirements.txt"], check=True)
        if not arguments.without_torch:
            subprocess.run([*install, "-r", HERE / "requirements-torch.txt"], check=False)
    os.execv(python, [str(python), *sys.argv])


def prepare(workload: Workload, kind: str, arguments: argparse.Namespace) -> Network:
    """Files of one row, made at the first use."""
    import numpy as np
    from contestants import Network, convert_for_ncnn

    from convlens.random_numbers import uniform

    cache = arguments.build.absolute() / "peers" / "models"
    cache.mkdir(parents=True, exist_ok=True)
    folder, model = prepare_model(workload, kind, cache, arguments)
    name, batch = str(workload), workload.batch
    image = cache / f"{name}.f32"
    shape = next(iter(model.input_shapes(batch).values()))
    uniform("image", 1, shape).astype(np.float32).tofile(image)
    if kind == "style":
        return Network(f"{name}_style", folder, shape, image, image)
    if kind == "occlusion":
        photo, hidden = cache / f"{workload.network}.f32", cache / f"{name}_occlusion.f32"
        uniform("image", 1, (1, *shape[1:])).astype(np.float32).tofile(photo)
        bench = [arguments.build / "benchmarks" / "occlusion_bench", folder, "--batch", str(batch)]
        subprocess.run([*bench, "--input", photo, "--hidden-images", hidden], check=True)
        single = export(cache / f"{workload.network}.onnx", folder, model, 1)
        return Network(
            f"{name}_occlusion", folder, shape, hidden, photo, export(cache / f"{name}.onnx", folder, model, batch),
            single_onnx=single,
        )  # fmt: skip
    onnx = export(cache / f"{name}.onnx", folder, model, batch)
    ncnn = convert_for_ncnn(onnx, shape) if batch == 1 else None
    return Network(name, folder, shape, image, image, onnx, ncnn)


def prepare_model(workload: Workload, kind: str, cache: Path, arguments: argparse.Namespace) -> tuple[Path, Model]:
    """The model of a row and its folder."""
    from style_step import style_step

    from convlens import catalogue
    from convlens.model_file import read_model, write_model
    from convlens.random_model import random_model

    name = workload.network
    folder = arguments.models.absolute() / name if arguments.models else cache / name
    if not (folder / "model.json").exists():
        folder = cache / name
    if not (folder / "model.json").exists():
        print(f"{name}: making random weights", flush=True)
        write_model(folder, random_model(catalogue.load(name), 1))
    model = read_model(folder)
    if not workload.size:
        return folder, model
    if kind == "style":
        model, folder = style_step(model, workload.size), cache / f"{workload}_style"
    else:
        model.inputs[0]["shape"][1:] = [workload.size] * 2
        folder = cache / str(workload)
    if not (folder / "model.json").exists():
        write_model(folder, model)
    return folder, model


def export(onnx: Path, folder: Path, model: Model, batch: int) -> Path:
    """The model for that batch as an ONNX file, made if it is not there or older than the model's folder."""
    from convlens.onnx_export import export_onnx

    if not onnx.exists() or onnx.stat().st_mtime < (folder / "model.json").stat().st_mtime:
        onnx.write_bytes(export_onnx(model, batch).SerializeToString())
    return onnx


def start_all(commands: dict[str, list[str]], logs: Path) -> tuple[list[Process], dict[str, Any]]:
    """The processes that came up, and an entry with the error of each that did not."""
    from contestants import Process

    os.environ["PYTHONPATH"] = str(ROOT / "tools")
    processes, entries = [], {}
    for name, command in commands.items():
        try:
            processes.append(Process(name, command, logs / f"{name.replace(' ', '_')}.log"))
            entries[name] = {"ms": []}
        except RuntimeError as error:
            entries[name] = {"error": str(error)}
    return processes, entries


def compare_results(
    processes: list[Process], entries: dict[str, Any], scratch: Path, tolerance: dict[str, float]
) -> None:
    """Note for each peer how far its results are from this engine's."""
    import numpy as np

    if processes[0].name != "ConvLens":
        return
    names = list(tolerance)
    own = processes[0].results(scratch / "engine", names)
    for peer in processes[1:]:
        found = peer.results(scratch / "peer", names)
        difference = {
            name: float(np.linalg.norm(found[name] - own[name]) / np.linalg.norm(own[name])) for name in names
        }
        entries[peer.name]["difference"] = difference
        entries[peer.name]["agrees"] = all(difference[name] <= tolerance[name] for name in names)


def measure(network: Network, kind: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Milliseconds of all contestants on one network, in turns."""
    from contestants import commands

    scratch = arguments.build.absolute() / "peers"
    frameworks = {name for name, package in PACKAGES.items() if installed(package)}
    processes, entries = start_all(
        commands(network, arguments.build.absolute(), arguments.threads, kind, frameworks), scratch
    )
    tolerance = BF16_TOLERANCE if kind == "bf16" else TOLERANCE
    names = ["output", "gradient"] if kind in WITH_GRADIENT else ["output"]
    compare_results(processes, entries, scratch, {name: tolerance[name] for name in names})
    for turn in range(arguments.rounds):
        for place in range(len(processes)):
            time.sleep(PAUSE)
            process = processes[(turn + place) % len(processes)]
            entries[process.name]["ms"] += process.run(RUNS)
    for process in processes:
        entries[process.name]["peak_bytes"] = process.peak_bytes()
        process.close()
    for name, entry in entries.items():
        ms = sorted(entry.get("ms", []))
        text = f"{ms[0]:9.2f} {ms[len(ms) // 2]:9.2f}" if ms else entry["error"]
        print(f"  {network.name:20} {kind:9} {name:22} {text}   {entry.get('difference', '')}", flush=True)
    return entries


def installed(package: str) -> bool:
    """Whether the environment has a package."""
    try:
        importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def engine_environment(build: Path, folder: Path) -> dict[str, Any]:
    """What network_bench says of the machine."""
    result = build / "peers" / "environment.json"
    command = [build / "benchmarks" / "network_bench", folder, "--repetitions", "1", "--json", result]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return json.loads(result.read_text())["environment"]


def main() -> int:
    """Measure, print, write."""
    arguments = parse()
    enter_environment(arguments)
    sys.path.insert(0, str(ROOT / "tools"))
    from contestants import BF16_MOST_ERROR, fast_allocator
    from report import markdown

    load = os.getloadavg()[0]
    kinds = {
        kind: [
            prepare(w, kind, arguments) for w in WORKLOADS[kind] if not arguments.only or w.network in arguments.only
        ]
        for kind in arguments.kind or WORKLOADS
    }
    any_folder = next(n.folder for networks in kinds.values() for n in networks)
    record: dict[str, Any] = {
        "environment": engine_environment(arguments.build, any_folder) | {"load": load},
        "command": f"benchmarks/peers/run.py --build BUILD --rounds {arguments.rounds}",
        "threads": arguments.threads, "rounds": arguments.rounds, "runs": RUNS, "tolerance": TOLERANCE,
        "bf16": {"most_error": BF16_MOST_ERROR, "tolerance": BF16_TOLERANCE},
        "versions": {p: importlib.metadata.version(p) for p in PACKAGES.values() if installed(p)},
        "missing": {n: f"the package {p} is not installed" for n, p in PACKAGES.items() if not installed(p)},
        "allocator": fast_allocator(),
        "results": {},
    }  # fmt: skip
    for kind, networks in kinds.items():
        record["results"][kind] = {n.name: measure(n, kind, arguments) for n in networks}
    (arguments.build / "peers" / "results.json").write_text(json.dumps(record, indent=1))
    page = arguments.out
    if page is None and not (arguments.only or arguments.kind):
        page = ROOT / "docs" / "results" / "cpu.md"
    if page:
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(markdown(record), encoding="utf-8")
        print(f"written: {page}")
    entries = [e for by_network in record["results"].values() for all_ in by_network.values() for e in all_.values()]
    return 0 if all(entry.get("agrees", "error" not in entry) for entry in entries) else 1


if __name__ == "__main__":
    sys.exit(main())
