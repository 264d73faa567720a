#!/usr/bin/env python3
"""Time `viz_run` saliency from the start of the process to all files written, and PyTorch at the same if it is there.

Every run is a new process; the files that it reads are in the system's cache from the run before.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).resolve().parent


def seconds_of(command: list[str]) -> float:
    """Wall time of a process."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def engine_runs(arguments: argparse.Namespace, folder: Path) -> tuple[list[float], dict[str, list[float]]]:
    """Seconds of the whole, and the parts of them that run.json tells."""
    config, out = folder / "saliency.json", folder / "out"
    keys: dict[str, Any] = {"algorithm": "saliency", "model": str(arguments.model.absolute())}
    keys |= {"image": str(arguments.image.absolute()), "out": str(out), "threads": arguments.threads}
    config.write_text(json.dumps(keys))
    command = [str(arguments.build / "viz" / "viz_run"), str(config)]
    seconds_of(command)
    whole, parts = [], {}
    for _ in range(arguments.runs):
        whole.append(seconds_of(command))
        for name, value in json.loads((out / "run.json").read_text())["runs"][0]["seconds"].items():
            parts.setdefault(name, []).append(value)
    rest = [w - sum(values[i] for values in parts.values()) for i, w in enumerate(whole)]
    parts["start, model, page and end"] = rest
    return whole, parts


def torch_runs(arguments: argparse.Namespace, folder: Path) -> list[float]:
    """The same by PyTorch in the environment of benchmarks/peers."""
    python = arguments.python or arguments.build / "peers" / "venv" / "bin" / "python"
    script = HERE / "peers" / "torch_saliency.py"
    command = [
        str(python),
        str(script),
        str(arguments.model),
        str(arguments.image),
        str(folder),
        str(arguments.threads),
    ]
    try:
        seconds_of(command)
    except (OSError, subprocess.CalledProcessError):
        return []
    return [seconds_of(command) for _ in range(max(3, arguments.runs // 4))]


def line(name: str, seconds: list[float]) -> str:
    """One line of the table, in milliseconds."""
    return f"{name:42} {1e3 * min(seconds):9.1f} {1e3 * median(seconds):9.1f}"


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, required=True, help="build folder that holds viz/viz_run")
    parser.add_argument("--model", type=Path, required=True, help="a model's folder")
    parser.add_argument("--image", type=Path, required=True, help="a photo")
    parser.add_argument("--runs", type=int, default=21)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--python", type=Path, help="Python with torch and Pillow (default: that of peers/run.py)")
    arguments = parser.parse_args()
    print(f"measured, {arguments.runs} runs, {arguments.threads} threads, load before {os.getloadavg()[0]:.2f}; ms")
    print(f"{'saliency, process start to files written':42} {'best':>9} {'median':>9}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        whole, parts = engine_runs(arguments, folder)
        print(line("viz_run", whole))
        for part, seconds in parts.items():
            print(line(f"  {part}", seconds))
        torch = torch_runs(arguments, folder)
    print(line("PyTorch", torch) if torch else "PyTorch is not there (benchmarks/peers/run.py installs it)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
