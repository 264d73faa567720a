"""The processes that are compared: this engine and every peer, each serving the same network on the same input."""

from __future__ import annotations

import ctypes.util
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

WORKER = Path(__file__).with_name("worker.py")
_PASSES = {"gradient": ["--gradient"], "style": ["--gradient"], "guided": ["--gradient", "--guided"]}
BF16_MOST_ERROR = 1e-2
"""Of `precision: bf16`."""
TOOLS = Path(__file__).resolve().parents[2] / "tools"


@dataclass(frozen=True)
class Network:
    """One network's files: model.json's folder, the input, and what other frameworks read."""

    name: str
    folder: Path
    shape: tuple[int, ...]
    image: Path
    """Of this shape."""
    engine_image: Path
    """What this engine is given: for occlusion the photo, whose patch it moves itself."""
    onnx: Path | None = None
    ncnn: Path | None = None
    single_onnx: Path | None = None
    """For one image at a time."""


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

    def peak_bytes(self) -> int:
        """The most memory that was resident at once, libraries and mapped weights among it."""
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="utf-8")
        return 1024 * int(status.split("VmHWM:")[1].split()[0])

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


def fast_allocator() -> str | None:
    """The library of tcmalloc, which gives PyTorch its memory faster than the C library, if it is installed."""
    return ctypes.util.find_library("tcmalloc_minimal")


def commands(network: Network, build: Path, threads: int, kind: str, frameworks: set[str]) -> dict[str, list[str]]:
    """Name -> command line of each contestant that can run the network."""
    flags = ["--threads", str(threads), *_PASSES.get(kind, [])]
    engine_flags = ["--serve", "--input", str(network.engine_image), "--batch", str(network.shape[0]), *flags]
    programs = build / "benchmarks"
    if kind == "occlusion":
        found = {"ConvLens": [str(programs / "occlusion_bench"), str(network.folder), *engine_flags]}
    else:
        engine = [str(programs / "network_bench"), str(network.folder), *engine_flags]
        if kind == "bf16":
            engine += ["--most-error", str(BF16_MOST_ERROR)]
        found = {"ConvLens": engine, "ConvLens tuned": [*engine, "--tune"]}

    def worker(framework: str, model: Path, *options: str) -> list[str]:
        shape = ["--shape", *map(str, network.shape)]
        return [
            sys.executable,
            str(WORKER),
            framework,
            str(model),
            "--input",
            str(network.image),
            *shape,
            *flags,
            *options,
        ]

    if network.onnx and kind == "bf16":
        found["OpenVINO"] = worker("openvino", network.onnx, "--precision", "bf16")
    if network.onnx and kind in {"forward", "batch", "occlusion"}:
        found["ONNX Runtime"] = worker("onnxruntime", network.onnx)
        found["OpenVINO"] = worker("openvino", network.onnx)
    if network.single_onnx:
        found["OpenVINO throughput"] = worker("openvino", network.single_onnx, "--one-by-one")
    if network.ncnn and kind == "forward":
        found["ncnn"] = worker("ncnn", network.ncnn)
    if kind != "bf16":
        preload = ["env", f"LD_PRELOAD={allocator}"] if (allocator := fast_allocator()) else []
        found["PyTorch"] = [*preload, *worker("torch", network.folder)]
        found["PyTorch channels_last"] = [*preload, *worker("torch", network.folder, "--channels-last")]
    return {name: command for name, command in found.items() if name.split()[0] in {"ConvLens", *frameworks}}
