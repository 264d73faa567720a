"""The walk over an ONNX graph, and what its handlers work with."""

from __future__ import annotations

import collections
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx.reference import ReferenceEvaluator

from convlens.catalogue import input_spec
from convlens.errors import UserError
from convlens.model import Layer, Model, Shape
from convlens.operators import OPERATORS, full_params

Handler = Callable[["Node"], None]
_HANDLERS: dict[str, Handler] = {}


def handles(*op_types: str) -> Callable[[Handler], Handler]:
    """Announce the handler of one or more ONNX operators."""

    def decorate(handler: Handler) -> Handler:
        _HANDLERS.update(dict.fromkeys(op_types, handler))
        return handler

    return decorate


class Graph:
    """What is known while the graph is walked. Values are ONNX's; `layer_of` says which layer or input holds one."""

    def __init__(self, proto: onnx.ModelProto, name: str, spec: dict[str, Any]) -> None:
        self.model = Model(name, [spec], [], "")
        self.constants = {t.name: onnx.numpy_helper.to_array(t) for t in proto.graph.initializer}
        self.opset = max((o.version for o in proto.opset_import if o.domain in ("", "ai.onnx")), default=1)
        self.layer_of = {_image_input(proto).name: spec["name"]}
        self.shapes: dict[str, Shape] = self.model.input_shapes()
        self.uses = collections.Counter(i for node in proto.graph.node for i in node.input)
        self.uses.update(output.name for output in proto.graph.output)
        self._opsets = list(proto.opset_import)
        self._node_names = collections.Counter(node.name for node in proto.graph.node)

    def convert(self, proto: onnx.NodeProto) -> None:
        """Convert one node: fold it if all its inputs are constants, else hand it to its operator's handler."""
        node = Node(self, proto)
        if proto.op_type == "Constant" or (proto.input and all(i in self.constants for i in proto.input if i)):
            self._fold(proto)
        elif proto.op_type == "Shape" and proto.input[0] in self.layer_of:
            self.constants[proto.output[0]] = np.asarray(node.shape(), np.int64)
        elif proto.op_type in _HANDLERS:
            _HANDLERS[proto.op_type](node)
        else:
            raise node.refusal("is of an operator that ConvLens does not have")

    def _fold(self, proto: onnx.NodeProto) -> None:
        graph = onnx.helper.make_graph(
            [proto], "constant",
            [onnx.helper.make_tensor_value_info(i, onnx.helper.np_dtype_to_tensor_dtype(self.constants[i].dtype), None)
             for i in dict.fromkeys(proto.input) if i],
            [onnx.helper.make_empty_tensor_value_info(o) for o in proto.output],
        )  # fmt: skip
        evaluator = ReferenceEvaluator(onnx.helper.make_model(graph, opset_imports=self._opsets))
        results = evaluator.run(None, {i: self.constants[i] for i in proto.input if i})
        self.constants.update(zip(proto.output, map(np.asarray, results), strict=True))

    def layer_name(self, proto: onnx.NodeProto) -> str:
        """The node's name where it has one of its own, else that of its result."""
        unique = proto.name and self._node_names[proto.name] == 1 and proto.name not in self.shapes
        return proto.name if unique else proto.output[0]


class Node:
    """One ONNX node, and what its handler may do with it."""

    def __init__(self, graph: Graph, proto: onnx.NodeProto) -> None:
        self.graph = graph
        self.proto = proto
        self._attributes = {a.name: onnx.helper.get_attribute_value(a) for a in proto.attribute}

    def refusal(self, reason: str) -> UserError:
        """An error that names the node and its operator."""
        return UserError(f"node {self.proto.name or self.proto.output[0]!r} ({self.proto.op_type}) {reason}")

    def attribute(self, name: str, default: Any = None) -> Any:
        """An attribute's value, strings decoded."""
        value = self._attributes.get(name, default)
        return value.decode() if isinstance(value, bytes) else value

    def require(self, name: str, *allowed: Any) -> None:
        """Refuse the node unless an attribute is absent or one of those allowed."""
        value = self.attribute(name)
        if value is not None and value not in allowed:
            raise self.refusal(f"has {name} = {value}, which ConvLens does not have (it has {allowed[0]})")

    def has_input(self, index: int) -> bool:
        """Whether an optional input is there."""
        return index < len(self.proto.input) and self.proto.input[index] != ""

    def is_constant(self, index: int) -> bool:
        """Whether an input is there and known before anything runs."""
        return self.has_input(index) and self.proto.input[index] in self.graph.constants

    def constant(self, index: int) -> np.ndarray:
        """The values of an input that has to be constant."""
        if not self.is_constant(index):
            raise self.refusal(
                f"has an input number {index} that is missing or computed; ConvLens needs a constant there"
            )
        return self.graph.constants[self.proto.input[index]]

    def source(self, index: int = 0) -> str:
        """The layer or input that holds an input."""
        return self.graph.layer_of[self.proto.input[index]]

    def shape(self, index: int = 0) -> Shape:
        """N x C x H x W of an input."""
        return self.graph.shapes[self.source(index)]

    def sole_producer(self, op: str, index: int = 0) -> Layer | None:
        """The layer before this node, if it is of that operator and nothing else reads it."""
        producer = next((layer for layer in self.graph.model.layers if layer.name == self.source(index)), None)
        alone = self.graph.uses[self.proto.input[index]] == 1
        return producer if producer and producer.op == op and alone else None

    def add(self, op: str, params: dict[str, Any] | None = None, weights: dict[str, Any] | None = None,
            inputs: list[str] | None = None, suffix: str = "") -> str:  # fmt: skip
        """Append a layer that computes the node's result (or, with a suffix, a step towards it); return its name."""
        given = {k: v for k, v in (params or {}).items() if v != OPERATORS[op].defaults.get(k, ...)}
        name = self.graph.layer_name(self.proto) + suffix
        layer = Layer(name, op, inputs or [self.source()], given)
        shapes = [self.graph.shapes[i] for i in layer.inputs]
        for role, values in (weights or {}).items():
            layer.weights[role] = f"{name}.{role}"
            self.graph.model.tensors[layer.weights[role]] = np.ascontiguousarray(values, np.float32)
        try:
            self.graph.shapes[name] = OPERATORS[op].infer(full_params(layer), shapes)
        except UserError as error:
            raise self.refusal(f"does not fit: {error}") from None
        self.graph.model.layers.append(layer)
        self.graph.layer_of[self.proto.output[0]] = name
        return name

    def alias(self) -> None:
        """Say that the node's result is its input."""
        self.graph.layer_of[self.proto.output[0]] = self.source()


def _image_input(proto: onnx.ModelProto) -> onnx.ValueInfoProto:
    constants = {tensor.name for tensor in proto.graph.initializer}
    inputs = [value for value in proto.graph.input if value.name not in constants]
    if len(inputs) != 1:
        raise UserError(f"the ONNX graph has {len(inputs)} inputs, expected one image")
    return inputs[0]


def _input_of(proto: onnx.ModelProto, like: str | None) -> dict[str, Any]:
    value = _image_input(proto)
    dims = [d.dim_value for d in value.type.tensor_type.shape.dim]
    if len(dims) != 4:
        raise UserError(f"the ONNX graph's input has {len(dims)} dimensions, expected N x C x H x W")
    spec = input_spec(like or "plain_image", {})
    spec["shape"] = [size or usual for size, usual in zip(dims[1:], spec["shape"], strict=True)]
    spec["name"] = value.name
    if like is None:
        hints = [value.doc_string, *(p.value for p in proto.metadata_props if p.key == "Image.BitmapPixelFormat")]
        if any(hint.startswith("Bgr") or "BGR" in hint for hint in hints):
            spec["channel_order"] = "bgr"
        channels = spec["shape"][0]
        if channels == 1:
            spec["channel_order"] = "grey"
        spec["mean"], spec["std"] = [0] * channels, [1] * channels
    return spec


def import_onnx(path: Path, like: str | None = None) -> Model:
    """The model of an ONNX file. `like` names how images are fed (a file in catalogue/inputs)."""
    try:
        proto = onnx.load(path)
    except Exception as error:
        raise UserError(f"{path} is no ONNX file: {error}") from None
    try:
        graph = Graph(proto, path.stem, _input_of(proto, like))
        for node in proto.graph.node:
            graph.convert(node)
        graph.model.output = graph.layer_of[proto.graph.output[0].name]
    except UserError as error:
        raise UserError(f"{path}: {error}") from None
    graph.model.description = proto.doc_string or proto.graph.doc_string
    graph.model.license = next((p.value for p in proto.metadata_props if p.key == "license"), "")
    return graph.model
