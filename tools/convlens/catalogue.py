"""The catalogue of known architectures: one JSON file a family in weights/catalogue, as docs/models.md describes.

`load` gives an entry; `Entry.graph()` expands its blocks to layers; `Entry.assemble(tensors)` adds a file's weights.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from convlens.errors import UserError
from convlens.expressions import evaluate, substitute
from convlens.model import Layer, Model
from convlens.operators import OPERATORS, full_params, infer_shapes

CATALOGUE = Path(__file__).resolve().parents[2] / "weights" / "catalogue"
_FAMILY_KEYS = {"family", "blocks", "models"}
_SHARED_KEYS = {
    "description", "license", "source", "input", "extra_inputs", "classes", "weights", "layers", "output", "fetch",
    "parameters", "golden",
}  # fmt: skip
_SCHEME_KEYS = {"name", "tensors", "transpose", "rename", "input", "classes", "output", "source"}


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise UserError(f"the catalogue has no file {path.name}") from None
    except ValueError as error:
        raise UserError(f"{path} is no JSON: {error}") from None


@dataclass(frozen=True)
class Scheme:
    """How one publisher's files name and store the tensors, and how their networks are fed."""

    name: str
    tensors: Mapping[str, str]
    transpose: Mapping[str, list[int]]
    rename: list[list[str]]
    overrides: Mapping[str, Any]

    @staticmethod
    def from_json(entry: Mapping[str, Any]) -> Scheme:
        """Read one entry of the list `weights`."""
        if unknown := set(entry) - _SCHEME_KEYS:
            raise UserError(f"catalogue: a weights entry has the unknown keys {sorted(unknown)}")
        overrides = {key: entry[key] for key in ("input", "classes", "output", "source") if key in entry}
        return Scheme(
            entry["name"], entry.get("tensors", {}), entry.get("transpose", {}), entry.get("rename", []), overrides
        )

    def tensor_name(self, layer: Layer, role: str, sources: Mapping[str, Any]) -> str:
        """Name in the published file of one layer's weight."""
        source = sources.get(layer.name, layer.name)
        if isinstance(source, Mapping):
            source = source.get(self.name, layer.name)
        for pattern, replacement in self.rename:
            source = re.sub(pattern, replacement, source)
        pattern = self.tensors.get(f"{layer.op}.{role}", self.tensors.get(role, "{source}.{role}"))
        return substitute(pattern, {"source": source, "role": role})


@dataclass
class Plan:
    """A graph and where its tensors come from: own name -> name in the published file, or own name -> values."""

    model: Model
    published: dict[str, str]
    constants: dict[str, np.ndarray]


class Entry:
    """One architecture of the catalogue."""

    def __init__(self, name: str, family: Mapping[str, Any], model: Mapping[str, Any]) -> None:
        for keys, known in ((set(family), _FAMILY_KEYS | _SHARED_KEYS), (set(model), _SHARED_KEYS)):
            if unknown := keys - known:
                raise UserError(f"catalogue: {name} has the unknown keys {sorted(unknown)}")
        self.name = name
        self.family: str = family["family"]
        self._blocks: Mapping[str, list[Any]] = family.get("blocks", {})
        shared = {key: value for key, value in family.items() if key in _SHARED_KEYS}
        self._spec: dict[str, Any] = {**shared, **model}
        self._spec["parameters"] = {**family.get("parameters", {}), **model.get("parameters", {})}
        self.schemes = [Scheme.from_json(entry) for entry in self._spec.get("weights", [{"name": "default"}])]
        self.fetch: Mapping[str, Any] | None = self._spec.get("fetch")
        self.golden: Mapping[str, Any] = self._spec.get("golden", {})

    def scheme(self, name: str) -> Scheme:
        """The naming scheme of that name."""
        for scheme in self.schemes:
            if scheme.name == name:
                return scheme
        raise UserError(f"{self.name} has no weights {name!r}; it has {', '.join(s.name for s in self.schemes)}")

    def graph(self, scheme: Scheme | None = None, parameters: Mapping[str, Any] | None = None) -> Model:
        """Expand to a model without tensors, whose layers name the weights they need `<layer>.<role>`."""
        return self.plan(scheme or self.schemes[0], parameters or {}).model

    def class_source(self, scheme: Scheme) -> Any:
        """Where the names of the classes come from: a name, a list, or None."""
        return scheme.overrides.get("classes", self._spec.get("classes"))

    def assemble(self, tensors: Mapping[str, np.ndarray], scheme_name: str | None = None) -> tuple[Model, Scheme]:
        """The model with the tensors of a published file, and the scheme it was found by: all its names are there."""
        tensors = _without_wrapper(tensors)
        schemes = [self.scheme(scheme_name)] if scheme_name else self.schemes
        lacking: list[tuple[int, Scheme, str]] = []
        for scheme in schemes:
            plan = self.plan(scheme, {})
            missing = [name for name in plan.published.values() if name not in tensors]
            if not missing:
                return _fill(plan, scheme, tensors), scheme
            lacking.append((len(missing), scheme, missing[0]))
        count, scheme, first = min(lacking, key=lambda item: item[0])
        raise UserError(
            f"the file is not {self.name}: {count} tensors that its {scheme.name} weights have are missing, "
            f"{first!r} first; the file has {', '.join(map(repr, sorted(tensors)[:3]))}, ..."
        )

    def plan(self, scheme: Scheme, overrides: Mapping[str, Any]) -> Plan:
        """Expand to layers, and say where each of their tensors comes from."""
        spec = {**self._spec, **scheme.overrides}
        names = {**spec["parameters"], **overrides}
        if unknown := set(overrides) - set(spec["parameters"]):
            raise UserError(f"{self.name} has no parameter {sorted(unknown)[0]!r}")
        inputs = [input_spec(spec["input"], names), *substitute(spec.get("extra_inputs", []), names)]
        expansion = _Expansion(self._blocks, inputs[0]["name"])
        expansion.run(spec["layers"], names)
        layers = expansion.layers
        output = substitute(spec["output"], names) if "output" in spec else layers[-1].name
        layers = _up_to(layers, output)
        model = Model(
            name=self.name,
            inputs=inputs,
            layers=layers,
            output=output,
            description=spec.get("description", ""),
            source=spec.get("source", ""),
            license=spec.get("license", ""),
        )
        plan, shapes = Plan(model, {}, {}), infer_shapes(model)
        for layer in layers:
            constants = expansion.constants.get(layer.name, {})
            for role, shape in shapes[layer.name].weights.items():
                layer.weights[role] = f"{layer.name}.{role}"
                if role in constants:
                    plan.constants[layer.weights[role]] = _constant(constants[role], shape)
                else:
                    plan.published[layer.weights[role]] = scheme.tensor_name(layer, role, expansion.sources)
        return plan


def _up_to(layers: list[Layer], output: str) -> list[Layer]:
    for index, layer in enumerate(layers):
        if layer.name == output:
            return layers[: index + 1]
    raise UserError(f"catalogue: the output {output!r} is no layer")


def _without_wrapper(tensors: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
    """Drop the prefix that torch's DataParallel puts before every name."""
    if tensors and all(name.startswith("module.") for name in tensors):
        return {name.removeprefix("module."): values for name, values in tensors.items()}
    return tensors


def _fill(plan: Plan, scheme: Scheme, tensors: Mapping[str, np.ndarray]) -> Model:
    model, shapes = plan.model, infer_shapes(plan.model)
    model.tensors.update(plan.constants)
    for layer in model.layers:
        for role, own_name in layer.weights.items():
            if own_name in plan.constants:
                continue
            published = plan.published[own_name]
            values = np.asarray(tensors[published], dtype=np.float32)
            if (axes := scheme.transpose.get(f"{layer.op}.{role}")) is not None:
                values = values.transpose(axes)
            expected = shapes[layer.name].weights[role]
            if _squeezed(values.shape) != _squeezed(expected):
                raise UserError(f"tensor {published!r} has the shape {list(values.shape)}, expected {list(expected)}")
            model.tensors[own_name] = np.ascontiguousarray(values.reshape(expected))
    return model


def _constant(value: Any, shape: tuple[int, ...]) -> np.ndarray:
    return np.ascontiguousarray(np.broadcast_to(np.asarray(value, np.float32), shape))


def _squeezed(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape without its ones: 1x1 convolutions and linear layers hold the same numbers."""
    return tuple(n for n in shape if n != 1)


class _Expansion:
    """Turns items of the catalogue into layers. Items: a layer, the use of a block, either repeated or conditional."""

    def __init__(self, blocks: Mapping[str, list[Any]], input_name: str) -> None:
        self.layers: list[Layer] = []
        self.sources: dict[str, Any] = {}
        self.constants: dict[str, dict[str, Any]] = {}
        self._blocks = blocks
        self._previous = input_name

    def run(self, items: list[Any], names: Mapping[str, Any]) -> None:
        """Expand a list of items; `{input}` in it is the layer before it."""
        scope = {**names, "input": self._previous}
        for item in items:
            for bound in _loop(item.get("for", {}), scope):
                if evaluate(item.get("when", "True"), bound):
                    self._item({k: v for k, v in item.items() if k not in ("for", "when")}, bound)

    def _item(self, item: dict[str, Any], names: Mapping[str, Any]) -> None:
        if "use" not in item:
            self._layer(item, names)
            return
        arguments = substitute({k: v for k, v in item.items() if k != "use"}, names)
        block = substitute(item["use"], names)
        if block not in self._blocks:
            raise UserError(f"catalogue: there is no block {block!r}")
        self.run(self._blocks[block], {**names, **arguments})

    def _layer(self, item: dict[str, Any], names: Mapping[str, Any]) -> None:
        ops = [key for key in item if key in OPERATORS]
        if len(ops) != 1:
            raise UserError(f"catalogue: {json.dumps(item)} names {len(ops)} operators, expected one")
        values = substitute(item, names)
        name = values.pop(ops[0])
        inputs = values.pop("inputs", [self._previous])
        if (source := values.pop("source", None)) is not None:
            self.sources[name] = source
        self.constants[name] = values.pop("constant", {})
        layer = Layer(name, ops[0], inputs, values)
        full_params(layer)
        self.layers.append(layer)
        self._previous = name


def _loop(loops: Mapping[str, Any], names: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """All bindings of `{"i": 3}` (0, 1, 2), `{"i": [..]}` or `{"width, stride": [[64, 1], ..]}`."""
    if not loops:
        yield dict(names)
        return
    (variables, values), *rest = loops.items()
    values = substitute(values, names)
    for value in range(values) if isinstance(values, int) else values:
        keys = [key.strip() for key in variables.split(",")]
        row = dict(zip(keys, value, strict=True)) if len(keys) > 1 else {keys[0]: value}
        yield from _loop(dict(rest), {**names, **row})


def input_spec(entry: Any, names: Mapping[str, Any]) -> dict[str, Any]:
    """An input as model.json has it, from the name of a file in catalogue/inputs or an object that may build on one."""
    if isinstance(entry, str):
        entry = {"like": entry}
    entry = substitute(entry, names)
    if "like" in entry:
        base = _read(CATALOGUE / "inputs" / f"{entry['like']}.json")
        size = entry.get("size")
        entry = {**base, **{k: v for k, v in entry.items() if k not in ("like", "size")}}
        if size is not None:
            entry["shape"] = [entry["shape"][0], size, size]
    return entry


@cache
def _families() -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    found: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}
    for path in sorted(CATALOGUE.glob("*.json")):
        family = _read(path)
        for name, model in family["models"].items():
            if name in found:
                raise UserError(f"catalogue: two families have a model {name!r}")
            found[name] = (family, model)
    return found


def names() -> list[str]:
    """All architectures, sorted."""
    return sorted(_families())


def load(name: str) -> Entry:
    """The entry of that name, or a UserError with the nearest names."""
    families = _families()
    if name not in families:
        near = difflib.get_close_matches(name, families, 3, 0.4) or names()[:3]
        raise UserError(f"there is no architecture {name!r}; near it are {', '.join(near)} (--list shows all)")
    return Entry(name, *families[name])
