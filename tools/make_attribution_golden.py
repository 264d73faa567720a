#!/usr/bin/env python3
"""Write tests/networks/attribution_golden.json: what methods of attribution give for a random network.

The truth is JAX in double precision and the definitions of the papers, in the form in which captum and pytorch-grad-cam
state them, written down here once more.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from convlens import catalogue, jax_model
from convlens.command_line import run
from convlens.golden import golden_inputs, golden_model
from convlens.model import Model

GOLDEN = Path(__file__).resolve().parents[1] / "tests" / "networks" / "attribution_golden.json"
ARCHITECTURE, TARGET, POINTS = "cifar_resnet20", 3, 50
LAYERS = ("layer3.2.relu_out", "layer2.0.relu_out")

Array = jax.Array
Score = Callable[[Array], Array]


def score_from(model: Model, name: str) -> Score:
    """The class score as a function of one layer's value (or of the input), on which all later layers must rest."""
    names = [layer.name for layer in model.layers]
    rest = dataclasses.replace(model, layers=model.layers[names.index(name) + 1 if name in names else 0 :])
    return lambda value: jax_model.run(rest, {name: value}, jnp.float64)[model.output][0, TARGET, 0, 0]


def integrated_gradients(score: Score, x: Array, baseline: Array) -> Array:
    """captum.attr.IntegratedGradients(method="gausslegendre"), summed over the colours."""
    nodes, weights = np.polynomial.legendre.leggauss(POINTS)
    mean = sum(
        w / 2 * jax.grad(score)(baseline + (1 + a) / 2 * (x - baseline)) for a, w in zip(nodes, weights, strict=True)
    )
    return ((x - baseline) * mean).sum(1)[0]


def grad_cam(a: Array, g: Array) -> Array:
    """Means of the gradient as weights."""
    return jnp.maximum((g.mean((1, 2), keepdims=True) * a).sum(0), 0)


def grad_cam_plus_plus(a: Array, g: Array) -> Array:
    """Weights as in pytorch-grad-cam, without its epsilon."""
    below = 2 * g**2 + a.sum((1, 2), keepdims=True) * g**3
    alpha = jnp.where(g != 0, g**2 / jnp.where(below != 0, below, 1), 0)
    return jnp.maximum(((alpha * jnp.maximum(g, 0)).sum((1, 2), keepdims=True) * a).sum(0), 0)


def layer_cam(a: Array, g: Array) -> Array:
    """Every place has its own weight."""
    return jnp.maximum((jnp.maximum(g, 0) * a).sum(0), 0)


def eigen_cam(a: Array) -> Array:
    """The projection on the first right singular vector, without centring, as in the paper."""
    u, s, _ = jnp.linalg.svd(a.reshape(a.shape[0], -1).T, full_matrices=False)
    projection = u[:, 0] * s[0]
    return jnp.maximum(projection * jnp.sign(projection.sum()), 0).reshape(a.shape[1:])


def score_cam(score: Score, x: Array, a: Array) -> Array:
    """Algorithm 1 of the paper; the baseline's score leaves the softmax as it is."""
    low, high = a.min((1, 2)), a.max((1, 2))
    scores = []
    for k in range(a.shape[0]):
        mask = jax.image.resize(
            (a[k] - low[k]) / jnp.where(high[k] > low[k], high[k] - low[k], 1), x.shape[2:], "linear"
        )
        scores.append(score(x * mask) if high[k] > low[k] else -jnp.inf)
    weights = jax.nn.softmax(jnp.asarray(scores))
    return jnp.maximum((weights[:, None, None] * a).sum(0), 0)


def numbers(values: Any) -> list[float]:
    """Seven digits of each."""
    return [float(f"{v:.7g}") for v in np.ravel(values)]


def main() -> None:
    """Write the file."""
    jax.config.update("jax_enable_x64", True)
    model = golden_model(catalogue.load(ARCHITECTURE))
    spec = model.inputs[0]
    seed = json.loads((GOLDEN.parents[1] / "golden" / f"{ARCHITECTURE}.json").read_text())["seed"]  # far from kinks
    x = jnp.asarray(golden_inputs(model, seed)[spec["name"]], jnp.float64)
    black = (spec["range"][0] - np.asarray(spec["mean"])) / np.asarray(spec["std"])
    baseline = jnp.broadcast_to(black.reshape(1, -1, 1, 1), x.shape)
    score = score_from(model, spec["name"])
    gradient = jax.grad(score)(x)
    maps: dict[str, Any] = {
        "saliency": jnp.abs(gradient).max(1)[0],
        "saliency times_input=true": jnp.abs(gradient * x).max(1)[0],
        f"integrated_gradients points={POINTS}": integrated_gradients(score, x, baseline),
    }
    values = jax_model.run(model, {spec["name"]: x}, jnp.float64)
    for layer in LAYERS:
        a, g = values[layer][0], jax.grad(score_from(model, layer))(values[layer])[0]
        maps |= {
            f"grad_cam layer={layer}": grad_cam(a, g),
            f"grad_cam variant=grad_cam++ layer={layer}": grad_cam_plus_plus(a, g),
            f"grad_cam variant=layer_cam layer={layer}": layer_cam(a, g),
            f"grad_cam variant=eigen_cam layer={layer}": eigen_cam(a),
            f"grad_cam variant=score_cam layer={layer}": score_cam(score, x, a),
        }
    difference = float(score(x) - score(baseline))
    document = {
        "architecture": ARCHITECTURE,
        "seed": seed,
        "target": TARGET,
        "score": numbers(score(x))[0],
        "score_difference": numbers(difference)[0],
        "maps": {name: {"shape": list(m.shape), "values": numbers(m)} for name, m in maps.items()},
    }
    lines = (f" {json.dumps(key)}: {json.dumps(value)}" for key, value in document.items())
    GOLDEN.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{GOLDEN.name}: {len(maps)} maps")


if __name__ == "__main__":
    run(main)
