#!/usr/bin/env python3
"""Write tests/networks/style_golden.json: what the published network of 26 styles paints, in a blend of two styles.

The truth is ONNX Runtime with the file as its package has it, which no converter of ours has touched.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime

from convlens import catalogue
from convlens.command_line import run
from convlens.fetch import default_cache, fetch
from convlens.golden import SAMPLES, golden_inputs

GOLDEN = Path(__file__).resolve().parents[1] / "tests" / "networks" / "style_golden.json"
ARCHITECTURE, SEED, SIZE = "conditional_style26", 1, 64


def main() -> None:
    """Run the command."""
    entry = catalogue.load(ARCHITECTURE)
    graph = entry.graph()
    graph.inputs[0]["shape"] = [3, SIZE, SIZE]
    inputs = golden_inputs(graph, SEED)
    session = onnxruntime.InferenceSession(fetch(entry.fetch, default_cache()))
    painted = session.run(None, {"image": inputs["image"], "style_weights": inputs["style"].ravel()})[0].ravel()
    indices = np.linspace(0, painted.size - 1, SAMPLES).astype(int)
    golden = {
        "architecture": ARCHITECTURE,
        "seed": SEED,
        "shape": [1, 3, SIZE, SIZE],
        "indices": indices.tolist(),
        "values": [float(f"{value:.7g}") for value in painted[indices]],
    }
    GOLDEN.write_text(json.dumps(golden) + "\n", encoding="utf-8")
    print(GOLDEN)


if __name__ == "__main__":
    run(main)
