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
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from contestants import Network, Process

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
NETWORKS = [
    "vgg16", "vgg19", "resnet18", "resnet50", "bvlc_googlenet", "squeezenet1_1", "alexnet", "efficientnet_lite0",
]  # fmt: skip
# First word of a framework's name -> its package.
PACKAGES = {"ONNX": "onnxruntime", "OpenVINO": "openvino", "ncnn": "ncnn", "PyTorch": "torch"}
# Of some million values before a ReLU, a few lie so near zero that rounding decides whether the gradient passes, and
# each changes it by up to a percent; on inputs without such a value gradients differ by 1e-6. tests/golden is stricter.
TOLERANCE = {"output": 1e-4, "gradient": 3e-2}
# Threads of a framework that has just answered may spin for a while before they sleep.
PAUSE = 0.1


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, required=True, help="build folder that holds benchmarks/network_bench")
    parser.add_argument("--only", action="append", metavar="NETWORK", help="only this network (may be repeated)")
    parser.add_argument("--kind", choices=["forward", "gradient"], action="append", help="default: both")
    parser.add_argument("--models", type=Path, help="folder with converted models to use in place of random weights")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--quick", action="store_true", help="few rounds, to see that everything works")
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


def prepare(name: str, arguments: argparse.Namespace) -> Network:
    """Files of one network, made at the first use."""
    import numpy as np
    from contestants import Network, convert_for_ncnn

    from convlens import catalogue
    from convlens.model_file import read_model, write_model
    from convlens.onnx_export import export_onnx
    from convlens.random_model import random_model
    from convlens.random_numbers import uniform

    cache = arguments.build.absolute() / "peers" / "models"
    cache.mkdir(parents=True, exist_ok=True)
    folder = arguments.models.absolute() / name if arguments.models else cache / name
    if not (folder / "model.json").exists():
        folder = cache / name
    if not (folder / "model.json").exists():
        print(f"{name}: making random weights", flush=True)
        write_model(folder, random_model(catalogue.load(name), 1))
    onnx, image = cache / f"{name}.onnx", cache / f"{name}.f32"
    model = read_model(folder)
    if not onnx.exists() or onnx.stat().st_mtime < (folder / "model.json").stat().st_mtime:
        onnx.write_bytes(export_onnx(model).SerializeToString())
    shape = next(iter(model.input_shapes().values()))
    uniform("image", 1, shape).astype(np.float32).tofile(image)
    return Network(name, folder, onnx, convert_for_ncnn(onnx, shape), image, shape)


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


def compare_results(processes: list[Process], entries: dict[str, Any], scratch: Path, names: list[str]) -> None:
    """Note for each peer how far its results are from this engine's."""
    import numpy as np

    if processes[0].name != "ConvLens":
        return
    own = processes[0].results(scratch / "engine", names)
    for peer in processes[1:]:
        found = peer.results(scratch / "peer", names)
        difference = {
            name: float(np.linalg.norm(found[name] - own[name]) / np.linalg.norm(own[name])) for name in names
        }
        entries[peer.name]["difference"] = difference
        entries[peer.name]["agrees"] = all(difference[name] <= TOLERANCE[name] for name in names)


def measure(network: Network, kind: str, arguments: argparse.Namespace, rounds: int, runs: int) -> dict[str, Any]:
    """Milliseconds of all contestants on one network, in turns."""
    from contestants import commands

    gradient = kind == "gradient"
    scratch = network.onnx.parent.parent
    frameworks = {name for name, package in PACKAGES.items() if installed(package)}
    processes, entries = start_all(
        commands(network, arguments.build.absolute(), arguments.threads, gradient, frameworks), scratch
    )
    compare_results(processes, entries, scratch, ["output", "gradient"] if gradient else ["output"])
    for turn in range(rounds):
        for place in range(len(processes)):
            time.sleep(PAUSE)
            process = processes[(turn + place) % len(processes)]
            entries[process.name]["ms"] += process.run(runs)
    for process in processes:
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
    from report import markdown

    load = os.getloadavg()[0]
    rounds, runs = (3, 2) if arguments.quick else (12, 4)
    networks = [prepare(name, arguments) for name in arguments.only or NETWORKS]
    record: dict[str, Any] = {
        "environment": engine_environment(arguments.build, networks[-1].folder) | {"load": load},
        "command": "benchmarks/peers/run.py --build BUILD" + (" --quick" if arguments.quick else ""),
        "threads": arguments.threads, "rounds": rounds, "runs": runs, "tolerance": TOLERANCE,
        "versions": {p: importlib.metadata.version(p) for p in PACKAGES.values() if installed(p)},
        "missing": {n: f"the package {p} is not installed" for n, p in PACKAGES.items() if not installed(p)},
        "results": {},
    }  # fmt: skip
    for kind in arguments.kind or ["forward", "gradient"]:
        record["results"][kind] = {n.name: measure(n, kind, arguments, rounds, runs) for n in networks}
    (arguments.build / "peers" / "results.json").write_text(json.dumps(record, indent=1))
    page = arguments.out
    if page is None and not (arguments.only or arguments.quick or arguments.kind):
        page = ROOT / "docs" / "results" / "cpu.md"
    if page:
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(markdown(record), encoding="utf-8")
        print(f"written: {page}")
    entries = [e for by_network in record["results"].values() for all_ in by_network.values() for e in all_.values()]
    return 0 if all(entry.get("agrees", "error" not in entry) for entry in entries) else 1


if __name__ == "__main__":
    sys.exit(main())
