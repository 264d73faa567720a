#!/usr/bin/env python3
"""Time models by PyTorch on a GPU, eagerly, as network_bench does: from the input on the host to the results there.

Usage: torch_gpu.py MODEL_FOLDER..
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
from torch_graph import TorchGraph

from convlens.model_file import read_model

RUNS = 50


def milliseconds(run: Callable[[], object]) -> list[float]:
    """Of so many runs, after some that do not count."""
    times = []
    for i in range(RUNS + 5):
        start = time.perf_counter()
        run()
        if i >= 5:
            times.append(1e3 * (time.perf_counter() - start))
    return times


def time_network(folder: Path, precision: str) -> None:
    """Print the times of the forward pass, and of the gradient of class 0's score."""
    network = TorchGraph(folder, torch.contiguous_format, "cuda")
    image = torch.randn(1, *read_model(folder).inputs[0]["shape"])

    def forward() -> torch.Tensor:
        with torch.inference_mode():
            return network(image.cuda()).cpu()

    def gradient() -> torch.Tensor:
        leaf = image.cuda().requires_grad_()
        return torch.autograd.grad(network(leaf)[:, 0].sum(), leaf)[0].cpu()

    for what, run in (("forward", forward), ("forward and input gradient", gradient)):
        times = milliseconds(run)
        best, median = min(times), statistics.median(times)
        print(f"{folder.name:<24} {what:<27} {precision:<5} best {best:9.3f} ms, median {median:9.3f} ms")


def main() -> None:
    """Run the command."""
    print(f"PyTorch {torch.__version__}, cuDNN {torch.backends.cudnn.version()}, {RUNS} runs after 5")
    torch.backends.cudnn.benchmark = True
    for precision in ("f32", "tf32"):
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
        for folder in sys.argv[1:]:
            time_network(Path(folder), precision)


if __name__ == "__main__":
    main()
