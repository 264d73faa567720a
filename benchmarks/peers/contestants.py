"""The processes that are compared: this engine and every peer, each serving the same network on the same input."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

WORKER = Path(__file__).with_name("worker.py")
TOOLS = Path(__file__).resolve().parents[2] / "tools"


@dataclass(frozen=True)
class Network:
    """One network's files: model.json's folder, ONNX, ncnn, and the input."""

    name: str
    folder: Path
    onnx: Path
    ncnn: Path | None
    image: Path
    shape: tuple[int, ...]


class Process:
    """A program that answers line by line."""

    def __init__(self, name: str, command: list[str], log: Path) -> None:
        self.name = name
        self._log = log
        with log.open("w") as errors:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
            )
        self._expect("ready")

    def run(self, count: int) -> list[float]:
        """Milliseconds of `count` runs."""
        return json.loads(self._ask(f"run {count}"))

    def results(self, prefix: Path, names: list[str]) -> dict[str, np.ndarray]:
        """Output and gradient, as flat arrays."""
        self._ask(f"save {prefix}")
        return {name: np.fromfile(f"{prefix}.{name}.f32", np.float32) for name in names}

    def close(self) -> None:
        """End it."""
        self._process.communicate()

    def _ask(self, line: str) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        answer = self._process.stdout.readline().strip()
        if not answer:
            lines = self._log.read_text(errors="replace").strip().splitlines()
            raise RuntimeError(f"{self.name} ended: {lines[-1] if lines else 'without a word'}")
        return answer

    def _expect(self, word: str) -> None:
        # Frameworks may greet on the same stream.
        while self._answer() != word:
            pass


def convert_for_ncnn(onnx: Path, shape: tuple[int, ...]) -> Path | None:
    """The network in ncnn's format, or None where its converter fails."""
    folder = onnx.with_suffix(".ncnn")
    result = folder / f"{onnx.stem}.ncnn.param"
    if result.exists() and result.stat().st_mtime >= onnx.stat().st_mtime:
        return result
    folder.mkdir(exist_ok=True)
    copy = shutil.copy(onnx, folder / onnx.name)
    pnnx = Path(sys.executable).with_name("pnnx")
    command = [str(pnnx), copy, f"inputshape=[{','.join(map(str, shape))}]", "fp16=0"]
    subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    for leftover in [*folder.glob("*.onnx"), *folder.glob("*.pnnx.*")]:
        leftover.unlink(missing_ok=True)
    return result if result.exists() else None


def commands(network: Network, build: Path, threads: int, kind: str, frameworks: set[str]) -> dict[str, list[str]]:
    """Name -> command line of each contestant that can run the network."""
    gradient = {"gradient": ["--gradient"], "guided": ["--gradient", "--guided"]}.get(kind, [])
    flags = ["--input", str(network.image), "--threads", str(threads), *gradient]
    worker = [sys.executable, str(WORKER)]
    shape = ["--shape", *map(str, network.shape)]
    engine = [str(build / "benchmarks" / "network_bench"), str(network.folder), "--serve", *flags]
    engine += ["--batch", str(network.shape[0])]
    torch = [*worker, "torch", str(network.folder), *shape, *flags]
    found = {"ConvLens": engine, "ConvLens tuned": [*engine, "--tune"]}
    if not gradient:
        found["ONNX Runtime"] = [*worker, "onnxruntime", str(network.onnx), *shape, *flags]
        found["OpenVINO"] = [*worker, "openvino", str(network.onnx), *shape, *flags]
        if network.ncnn:
            found["ncnn"] = [*worker, "ncnn", str(network.ncnn), *shape, *flags]
    found["PyTorch"] = torch
    found["PyTorch channels_last"] = [*torch, "--channels-last"]
    return {name: command for name, command in found.items() if name.split()[0] in {"ConvLens", *frameworks}}
