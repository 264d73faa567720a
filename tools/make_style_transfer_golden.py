#!/usr/bin/env python3
"""Write tests/networks/style_transfer_golden.json: terms of style transfer and of inversion, with their gradients.

The truth is JAX in double precision and the formulas of the papers, written down here once more, on a random network.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from convlens import catalogue, jax_model
from convlens.command_line import run
from convlens.golden import golden_model
from convlens.model import Model
from convlens.random_numbers import uniform

GOLDEN = Path(__file__).resolve().parents[1] / "tests" / "networks" / "style_transfer_golden.json"
ARCHITECTURE, SIZE, STRIDE = "vgg11", (40, 56), 499
CONTENT, STYLE = "relu3_1", ("relu1_1", "relu2_1", "relu3_1")
B, ALPHA, BETA = 80.0, 6.0, 1.5

Array = jax.Array


def image(name: str) -> Array:
    """C x H x W from black (0) to white (1)."""
    return jnp.asarray((uniform(f"style/{name}", 1, (3, *SIZE)) + np.float32(1)) / 2, jnp.float64)


def features(model: Model, pixels: Array) -> dict[str, Array]:
    """Each layer as a matrix of a row for each channel."""
    spec = model.inputs[0]
    mean, std = (np.asarray(spec[key]).reshape(-1, 1, 1) for key in ("mean", "std"))
    values = jax_model.run(model, {spec["name"]: ((pixels - mean) / std)[None]}, jnp.float64)
    return {layer.name: values[layer.name][0].reshape(values[layer.name].shape[1], -1) for layer in model.layers}


def gram(f: Array) -> Array:
    """Divided by C*H*W."""
    return f @ f.T / f.size


def differences(levels: Array) -> tuple[Array, Array]:
    """To the right and to the lower neighbour, zero at the border."""
    right = jnp.diff(levels, axis=2, append=levels[:, :, -1:])
    return right, jnp.diff(levels, axis=1, append=levels[:, -1:])


def style_terms(model: Model, x: Array) -> dict[str, Array]:
    """With weights 5, 1e6 and 1e-9, that all count in the gradient; two styles in shares of 3 and 1."""
    f, content = features(model, x), features(model, image("content"))
    one, two = (features(model, image(name)) for name in ("one", "two"))
    terms = {f"content {CONTENT}": 5 * ((f[CONTENT] - content[CONTENT]) ** 2).mean()}
    for layer in STYLE:
        target = 0.75 * gram(one[layer]) + 0.25 * gram(two[layer])
        terms[f"style {layer}"] = 1e6 * ((gram(f[layer]) - target) ** 2).mean()
    right, down = differences(255 * x)
    return terms | {"variation": 1e-9 * (right**2 + down**2).sum()}


def inversion_terms(model: Model, x: Array) -> dict[str, Array]:
    """Of the content layer, with weights 100, 2 and 3."""
    spec = model.inputs[0]
    f, target = features(model, x)[CONTENT], features(model, image("content"))[CONTENT]
    mean, std = (np.asarray(spec[key]).reshape(-1, 1, 1) for key in ("mean", "std"))
    levels = 255 * std.mean() * (x - mean) / std
    right, down = differences(255 * x)
    squares = right**2 + down**2
    safe = jnp.where(squares > 0, squares, 1)
    variation = jnp.where(squares > 0, safe ** (BETA / 2), 0).sum()
    pixels = SIZE[0] * SIZE[1]
    return {
        "features": 100 * ((f - target) ** 2).sum() / (target**2).sum(),
        "variation": 2 * variation / (pixels * (B / 6.5) ** BETA),
        "norm": 3 * (jnp.abs(levels) ** ALPHA).sum() / (pixels * B**ALPHA),
    }


def numbers(values: Any) -> list[float]:
    """Nine digits of each."""
    return [float(f"{v:.9g}") for v in np.ravel(values)]


def document() -> dict[str, Any]:
    """Each objective's terms, and every so many-th number of its gradient."""
    model = golden_model(catalogue.load(ARCHITECTURE))
    names = [layer.name for layer in model.layers]
    model.layers = model.layers[: names.index(CONTENT) + 1]
    x = image("x")
    objectives = {}
    for name, terms in {"style_transfer": style_terms, "inversion": inversion_terms}.items():
        gradient = jax.grad(lambda pixels, terms=terms: sum(terms(model, pixels).values()))(x)
        objectives[name] = {
            "terms": {term: numbers(value)[0] for term, value in terms(model, x).items()},
            "gradient": numbers(np.ravel(gradient)[::STRIDE]),
            "largest": float(jnp.abs(gradient).max()),
        }
    return {"architecture": ARCHITECTURE, "size": SIZE, "stride": STRIDE, **objectives}


def main() -> None:
    """Write the file."""
    jax.config.update("jax_enable_x64", True)
    GOLDEN.write_text(json.dumps(document(), indent=1) + "\n")
    print(GOLDEN.name)


if __name__ == "__main__":
    run(main)
