"""A model in memory, as docs/format.md describes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

Shape = tuple[int, ...]


@dataclass
class Layer:
    """One operator of the graph: its inputs' names, parameters, and role -> tensor name."""

    name: str
    op: str
    inputs: list[str]
    params: dict[str, Any] = field(default_factory=dict)
    weights: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Write the layer as an object of model.json."""
        entry: dict[str, Any] = {"name": self.name, "op": self.op, "inputs": self.inputs}
        if self.params:
            entry["params"] = self.params
        if self.weights:
            entry["weights"] = self.weights
        return entry


@dataclass
class Model:
    """A graph with its tensors. `inputs` are the objects of model.json's list of that name."""

    name: str
    inputs: list[dict[str, Any]]
    layers: list[Layer]
    output: str
    tensors: dict[str, np.ndarray] = field(default_factory=dict)
    classes: list[str] | None = None
    description: str = ""
    source: str = ""
    license: str = ""

    def input_shapes(self, batch: int = 1) -> dict[str, Shape]:
        """Shapes (N, C, H, W) of the inputs."""
        return {entry["name"]: (batch, *entry["shape"]) for entry in self.inputs}
