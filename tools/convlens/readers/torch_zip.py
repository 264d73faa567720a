"""torch's present file format: a zip with <name>/data.pkl and the storages in <name>/data/<key>."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from convlens.errors import UserError
from convlens.readers import Tensors, register
from convlens.readers.restricted_pickle import RestrictedUnpickler, state_dict, storage_type


def _is_torch_zip(path: Path, head: bytes) -> bool:
    if not head.startswith(b"PK"):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith("/data.pkl") for name in archive.namelist())
    except zipfile.BadZipFile:
        # Only its end says that it is a zip; a torch file by name that lacks it was cut off.
        return path.suffix in (".pth", ".pt")


@register("torch zip", _is_torch_zip)
def read_torch_zip(path: Path) -> Tensors:
    """Read the tensors of a zip `.pth` file."""
    with zipfile.ZipFile(path) as archive:
        document = next(name for name in archive.namelist() if name.endswith("/data.pkl"))
        root = document.removesuffix("data.pkl")
        if f"{root}byteorder" in archive.namelist() and archive.read(f"{root}byteorder") != b"little":
            raise UserError("it was written on a big-endian machine")
        storages: dict[str, np.ndarray] = {}

        def on_storage(pid: tuple[Any, ...]) -> str:
            _, kind, key, _location, count = pid
            dtype = storage_type(kind)
            if key not in storages:
                data = archive.read(f"{root}data/{key}")
                if len(data) < count * dtype.itemsize:
                    raise UserError(f"its storage {key!r} is cut off")
                storages[key] = np.frombuffer(data, dtype, count)
            return key

        with archive.open(document) as file:
            views = state_dict(RestrictedUnpickler(file, on_storage).load())
    return {name: view.resolve(storages) for name, view in views.items()}
