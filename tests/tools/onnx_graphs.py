"""Small ONNX graphs for tests."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import helper


class GraphBuilder:
    """Adds nodes one after the other; each takes the value before it."""

    def __init__(self, *shape: int, opset: int = 13) -> None:
        self.shape, self.opset = shape, opset
        self.value, self.count = "image", 0
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self._random = np.random.default_rng(0)

    def constant(self, *shape: int, values: Any = None, dtype: Any = np.float32) -> str:
        """A constant with the values given, or random ones."""
        values = self._random.uniform(0.5, 1.5, shape) if values is None else values
        name = f"constant{len(self.constants)}"
        self.constants.append(onnx.numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def add(self, op: str, *more: str, before: tuple[str, ...] = (), **attributes: Any) -> GraphBuilder:
        """A node of one operator on the present value and other inputs."""
        self.count += 1
        name = f"{op.lower()}{self.count}"
        node = helper.make_node(op, [*before, self.value, *more], [f"{name}_out"], name=name, **attributes)
        self.nodes.append(node)
        self.value = node.output[0]
        return self

    def model(self) -> onnx.ModelProto:
        """The finished graph."""
        image = helper.make_tensor_value_info("image", onnx.TensorProto.FLOAT, self.shape)
        output = helper.make_tensor_value_info(self.value, onnx.TensorProto.FLOAT, None)
        graph = helper.make_graph(self.nodes, "test", [image], [output], self.constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=7)
