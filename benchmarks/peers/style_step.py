"""The objective of style transfer as a model of one number, so that every framework can be asked for its gradient."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from convlens.model import Layer, Model
from convlens.operators import infer_shapes

STYLE_LAYERS = ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"]
CONTENT_LAYER = "relu4_2"


def style_step(vgg: Model, size: int) -> Model:
    """The losses of Gatys, Ecker and Bethge (2016) on a VGG network for a picture of size x size pixels.

    The network ends behind the last layer of style. Targets are zero: what they are does not change the work.
    """
    last = [layer.name for layer in vgg.layers].index(STYLE_LAYERS[-1])
    layers = vgg.layers[: last + 1]
    picture = {**vgg.inputs[0], "shape": [vgg.inputs[0]["shape"][0], size, size]}
    used = {tensor for layer in layers for tensor in layer.weights.values()}
    model = replace(
        vgg,
        name=f"{vgg.name}_style_step",
        inputs=[picture],
        layers=layers,
        output=layers[-1].name,
        tensors={name: value for name, value in vgg.tensors.items() if name in used},
        classes=None,
    )
    maps = {name: shapes.output for name, shapes in infer_shapes(model).items()}
    terms = []
    for name in STYLE_LAYERS:
        channels = maps[name][1]
        params = {"divisor": "chw", "weight": 1 / channels**2}
        terms.append(_term(model, "gram_loss", name, params, np.zeros((1, channels, channels), np.float32)))
    terms.append(_term(model, "mse_loss", CONTENT_LAYER, {}, np.zeros(maps[CONTENT_LAYER][1:], np.float32)))
    model.layers = [*layers, *terms, Layer("objective", "add", [term.name for term in terms])]
    model.output = "objective"
    return model


def _term(model: Model, op: str, features: str, params: dict[str, object], target: np.ndarray) -> Layer:
    name = f"{op}_{features}"
    model.tensors[f"{name}.target"] = target
    return Layer(name, op, [features], params, {"target": f"{name}.target"})
