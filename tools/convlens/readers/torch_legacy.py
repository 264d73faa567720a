"""torch's first file format: five pickles (magic, version, system, document, storage keys), then the storages.

Each storage is an int64 count, then that many little-endian elements, in the order of the keys.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from convlens.errors import UserError
from convlens.readers import Tensors, register
from convlens.readers.restricted_pickle import RestrictedUnpickler, state_dict, storage_type

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
_MAGIC_PICKLED = b"\x8a\x0a" + MAGIC.to_bytes(10, "little") + b"."


@register("torch legacy", lambda path, head: head[:1] == b"\x80" and head[2:].startswith(_MAGIC_PICKLED))
def read_torch_legacy(path: Path) -> Tensors:
    """Read the tensors of a legacy `.pth` file."""
    types: dict[str, np.dtype] = {}

    def on_storage(pid: tuple[Any, ...]) -> str:
        _, kind, key, _location, _count, view = pid
        if view is not None:
            raise UserError("it has storages that are views of others, which no state dict of today has")
        types[key] = storage_type(kind)
        return key

    with open(path, "rb") as file:
        magic, protocol, system = (RestrictedUnpickler(file).load() for _ in range(3))
        if magic != MAGIC or protocol != PROTOCOL:
            raise UserError(f"its magic number or protocol ({protocol}) is not that of a torch file")
        if not isinstance(system, dict) or not system.get("little_endian", True):
            raise UserError("it was written on a big-endian machine")
        views = state_dict(RestrictedUnpickler(file, on_storage).load())
        storages: dict[str, np.ndarray] = {}
        for key in RestrictedUnpickler(file).load():
            if key not in types:
                raise UserError(f"its storage {key!r} belongs to no tensor")
            storages[key] = _read_storage(file, types[key])
    return {name: view.resolve(storages) for name, view in views.items()}


def _read_storage(file: Any, dtype: np.dtype) -> np.ndarray:
    header = file.read(8)
    count = int.from_bytes(header, "little", signed=True)
    data = file.read(count * dtype.itemsize) if len(header) == 8 and count >= 0 else b""
    if len(header) < 8 or len(data) != count * dtype.itemsize:
        raise UserError("it is cut off within a tensor's numbers")
    return np.frombuffer(data, dtype)
