#!/usr/bin/env python3
"""One network in one framework, served like `network_bench --serve`: answers "run N" and "save PREFIX" on its input."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Results = dict[str, np.ndarray]
Runner = Callable[[], Results]


def onnxruntime_runner(arguments: argparse.Namespace, image: np.ndarray) -> Runner:
    """ONNX Runtime with all graph optimisations."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = arguments.threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(arguments.model, options, providers=["CPUExecutionProvider"])
    feed = {session.get_inputs()[0].name: image}
    return lambda: {"output": session.run(None, feed)[0]}


def openvino_runner(arguments: argparse.Namespace, image: np.ndarray) -> Runner:
    """OpenVINO, told its precision: on processors with bf16 arithmetic f32 is not its default."""
    import openvino

    hint = "THROUGHPUT" if arguments.one_by_one else "LATENCY"
    compiled = openvino.Core().compile_model(
        arguments.model,
        "CPU",
        {
            "INFERENCE_PRECISION_HINT": arguments.precision,
            "INFERENCE_NUM_THREADS": arguments.threads,
            "PERFORMANCE_HINT": hint,
        },
    )
    if arguments.one_by_one:
        return _openvino_queue(compiled, image)
    request = compiled.create_infer_request()
    return lambda: {"output": request.infer([image], share_inputs=True, share_outputs=True)[0]}


def _openvino_queue(compiled: Any, image: np.ndarray) -> Runner:
    """As many requests under way as OpenVINO finds best, each of one image."""
    import openvino

    queue = openvino.AsyncInferQueue(compiled)
    outputs: list[np.ndarray] = [np.empty(0)] * len(image)

    def keep(request: Any, index: int) -> None:
        outputs[index] = request.get_output_tensor().data.copy()

    queue.set_callback(keep)

    def run() -> Results:
        for index in range(len(image)):
            queue.start_async([image[index : index + 1]], index)
        queue.wait_all()
        return {"output": np.concatenate(outputs)}

    return run


def ncnn_runner(arguments: argparse.Namespace, image: np.ndarray) -> Runner:
    """Ncnn with its 16-bit options off."""
    import ncnn

    net = ncnn.Net()
    net.opt.num_threads = arguments.threads
    for option in ("fp16_packed", "fp16_storage", "fp16_arithmetic", "bf16_storage"):
        setattr(net.opt, f"use_{option}", False)
    if net.load_param(arguments.model) != 0 or net.load_model(str(Path(arguments.model).with_suffix(".bin"))) != 0:
        raise SystemExit(f"ncnn cannot load {arguments.model}")

    def run() -> Results:
        extractor = net.create_extractor()
        extractor.input("in0", ncnn.Mat(image[0]))
        return {"output": np.array(extractor.extract("out0")[1])}

    return run


def torch_runner(arguments: argparse.Namespace, image: np.ndarray) -> Runner:
    """PyTorch, eager, its weights frozen."""
    import torch
    from torch_graph import TorchGraph

    torch.set_num_threads(arguments.threads)
    layout = torch.channels_last if arguments.channels_last else torch.contiguous_format
    network = TorchGraph(Path(arguments.model), layout, guided=arguments.guided)
    x = torch.from_numpy(image).to(memory_format=layout)

    def forward() -> Results:
        with torch.inference_mode():
            return {"output": network(x).numpy()}

    def gradient() -> Results:
        leaf = x.detach().requires_grad_()
        y = network(leaf)
        (slope,) = torch.autograd.grad(y[:, 0].sum(), leaf)
        return {"output": y.detach().numpy(), "gradient": slope.numpy()}

    return gradient if arguments.gradient else forward


RUNNERS = {
    "onnxruntime": onnxruntime_runner,
    "openvino": openvino_runner,
    "ncnn": ncnn_runner,
    "torch": torch_runner,
}


def timed(run: Runner, count: int) -> list[float]:
    """Milliseconds of some runs, after one that does not count."""
    run()
    milliseconds = []
    for _ in range(count):
        start = time.perf_counter()
        run()
        milliseconds.append(1e3 * (time.perf_counter() - start))
    return milliseconds


def answer(run: Runner, line: str) -> Any:
    """What one request is answered with."""
    command, _, argument = line.strip().partition(" ")
    if command == "run":
        return json.dumps(timed(run, int(argument)))
    for name, values in run().items():
        np.ascontiguousarray(values, np.float32).tofile(f"{argument}.{name}.f32")
    return "saved"


def main() -> None:
    """Serve until the input ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("framework", choices=RUNNERS)
    parser.add_argument("model", help=".onnx, .ncnn.param, or for torch a model's folder")
    parser.add_argument("--input", required=True, help="raw float32")
    parser.add_argument("--shape", type=int, nargs=4, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--gradient", action="store_true")
    parser.add_argument("--guided", action="store_true", help="with --gradient: guided backprop")
    parser.add_argument("--channels-last", action="store_true")
    parser.add_argument("--one-by-one", action="store_true", help="OpenVINO: requests of one image, for throughput")
    parser.add_argument("--precision", choices=["f32", "bf16"], default="f32", help="OpenVINO's arithmetic")
    arguments = parser.parse_args()
    image = np.fromfile(arguments.input, np.float32).reshape(arguments.shape)
    run = RUNNERS[arguments.framework](arguments, image)
    print("ready", flush=True)
    for line in sys.stdin:
        print(answer(run, line), flush=True)


if __name__ == "__main__":
    main()
