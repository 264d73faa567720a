"""Writer and reader of the model format: a folder with model.json and model.bin (docs/format.md)."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from convlens.errors import UserError
from convlens.model import Layer, Model
from convlens.operators import infer_shapes

FORMAT = "convlens-model"
VERSION = 1
ALIGNMENT = 64
TYPES = {"f32": np.dtype("<f4"), "f16": np.dtype("<f2")}


def check_model(model: Model) -> None:
    """Raise UserError unless every layer has exactly its tensors, in their shapes, with finite numbers."""
    shapes = infer_shapes(model)
    used: set[str] = set()
    for layer in model.layers:
        expected = shapes[layer.name].weights
        if set(layer.weights) != set(expected):
            raise UserError(
                f"layer {layer.name!r} has the weights {sorted(layer.weights)}, expected {sorted(expected)}"
            )
        for role, tensor in layer.weights.items():
            if tensor not in model.tensors:
                raise UserError(f"layer {layer.name!r}: the tensor {tensor!r} is missing")
            found = model.tensors[tensor].shape
            if found != expected[role]:
                raise UserError(f"tensor {tensor!r} has the shape {list(found)}, expected {list(expected[role])}")
            used.add(tensor)
    for tensor, values in model.tensors.items():
        if tensor not in used:
            raise UserError(f"tensor {tensor!r} belongs to no layer")
        if not np.isfinite(values).all():
            raise UserError(f"tensor {tensor!r} holds a number that is not finite")
    channels = shapes[model.output].output[1] if model.output in shapes else model.input_shapes()[model.output][1]
    if model.classes is not None and len(model.classes) != channels:
        raise UserError(f"there are {len(model.classes)} class names for {channels} channels of the output")


def write_model(folder: Path | str, model: Model, dtype: str = "f32") -> None:
    """Write `model` to `folder`. It appears as a whole or not at all; a model that was there is replaced."""
    check_model(model)
    target = Path(folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        tensors, binary = _write_binary(temporary / "model.bin", model.tensors, dtype)
        document = _document(model, tensors, binary)
        with open(temporary / "model.json", "w", encoding="utf-8") as file:
            file.write(_dumps(document))
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o755)
        _replace(target, temporary)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def _replace(target: Path, new: Path) -> None:
    """Put the folder `new` in the place of `target`."""
    if not target.exists():
        new.rename(target)
        return
    if not target.is_dir() or {p.name for p in target.iterdir()} - {"model.json", "model.bin"}:
        raise UserError(f"{target} is in the way: it is something else than a model folder")
    old = Path(tempfile.mkdtemp(prefix=f".{target.name}.old.", dir=target.parent))
    target.rename(old / "model")
    new.rename(target)
    shutil.rmtree(old)


def _write_binary(path: Path, tensors: dict[str, np.ndarray], dtype: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Write model.bin; return the values of the keys `tensors` and `binary`."""
    entries: dict[str, Any] = {}
    digest, position = hashlib.sha256(), 0
    with open(path, "wb") as file:

        def put(data: bytes | memoryview) -> None:
            nonlocal position
            file.write(data)
            digest.update(data)
            position += len(data)

        for name, values in tensors.items():
            put(bytes(-position % ALIGNMENT))
            with np.errstate(over="ignore"):
                stored = np.ascontiguousarray(values, dtype=TYPES[dtype])
            if not np.isfinite(stored).all():
                raise UserError(f"tensor {name!r} holds a number that does not fit into {dtype}")
            entries[name] = {"shape": list(values.shape), "type": dtype, "offset": position}
            put(memoryview(stored).cast("B"))
        file.flush()
        os.fsync(file.fileno())
    return entries, {"file": path.name, "bytes": position, "sha256": digest.hexdigest()}


def _document(model: Model, tensors: dict[str, Any], binary: dict[str, Any]) -> dict[str, Any]:
    document: dict[str, Any] = {"format": FORMAT, "version": VERSION, "name": model.name}
    for key in ("description", "source", "license"):
        if text := getattr(model, key):
            document[key] = text
    document["inputs"] = model.inputs
    document["layers"] = [layer.to_json() for layer in model.layers]
    document["output"] = model.output
    if model.classes is not None:
        document["classes"] = model.classes
    return document | {"tensors": tensors, "binary": binary}


def _dumps(document: dict[str, Any]) -> str:
    """JSON with a line for each layer, tensor and class."""
    lines = []
    for key, value in document.items():
        if isinstance(value, list) and value:
            text = "[\n" + ",\n".join(f"  {_compact(item)}" for item in value) + "\n ]"
        elif key == "tensors":
            text = (
                "{\n" + ",\n".join(f"  {_compact(name)}: {_compact(entry)}" for name, entry in value.items()) + "\n }"
            )
        else:
            text = _compact(value)
        lines.append(f" {_compact(key)}: {text}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def read_model(folder: Path | str) -> Model:
    """Read a model folder back, checking the hash and everything that check_model checks."""
    path = Path(folder) / "model.json"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        data = (path.parent / document["binary"]["file"]).read_bytes()
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"{path} cannot be read: {error}") from None
    if (document.get("format"), document.get("version")) != (FORMAT, VERSION):
        raise UserError(f"{path}: expected format {FORMAT!r}, version {VERSION}")
    if len(data) != document["binary"]["bytes"] or hashlib.sha256(data).hexdigest() != document["binary"]["sha256"]:
        raise UserError(f"{path.parent / 'model.bin'} is not the file that model.json describes (size or sha256)")
    model = Model(
        name=document["name"],
        inputs=document["inputs"],
        layers=[
            Layer(e["name"], e["op"], e["inputs"], e.get("params", {}), e.get("weights", {}))
            for e in document["layers"]
        ],
        output=document["output"],
        tensors={name: _tensor(data, entry) for name, entry in document["tensors"].items()},
        classes=document.get("classes"),
        description=document.get("description", ""),
        source=document.get("source", ""),
        license=document.get("license", ""),
    )
    check_model(model)
    return model


def _tensor(data: bytes, entry: dict[str, Any]) -> np.ndarray:
    count = int(np.prod(entry["shape"], dtype=np.int64))
    values = np.frombuffer(data, TYPES[entry["type"]], count, entry["offset"])
    return values.reshape(entry["shape"]).astype(np.float32, copy=False)
