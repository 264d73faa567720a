"""Torch files made by hand: torch itself is never needed."""

from __future__ import annotations

import io
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np

from convlens.readers.torch_legacy import MAGIC, PROTOCOL


class _Global:
    """Pickles as a reference to module.name, whatever is installed."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name


class Call:
    """Pickles as the call of a global with arguments."""

    def __init__(self, module: str, name: str, *arguments: Any) -> None:
        self.function, self.arguments = _Global(module, name), arguments


class Storage:
    """Pickles as torch's persistent reference to a storage."""

    def __init__(self, key: str, values: np.ndarray) -> None:
        self.key, self.values = key, values


class _Pickler(pickle._Pickler):
    """The Python pickler, taught to write the classes above."""

    def __init__(self, file: io.BytesIO, *, legacy: bool) -> None:
        super().__init__(file, protocol=2)
        self._legacy = legacy
        self.storages: dict[str, np.ndarray] = {}

    def persistent_id(self, obj: Any) -> Any:
        """Write a storage as a reference."""
        if not isinstance(obj, Storage):
            return None
        self.storages[obj.key] = obj.values
        kinds = {"float32": "FloatStorage", "float16": "HalfStorage", "int64": "LongStorage"}
        kind = _Global("torch", kinds[obj.values.dtype.name])
        return ("storage", kind, obj.key, "cpu", obj.values.size, *([None] if self._legacy else []))

    def save(self, obj: Any, save_persistent_id: bool = True) -> None:
        """Write one object."""
        if isinstance(obj, _Global):
            self.write(pickle.GLOBAL + f"{obj.module}\n{obj.name}\n".encode())
        elif isinstance(obj, Call):
            self.save(obj.function)
            self.save(obj.arguments)
            self.write(pickle.REDUCE)
        else:
            super().save(obj, save_persistent_id)


def tensor(key: str, storage: np.ndarray, shape: tuple[int, ...], strides: tuple[int, ...], offset: int = 0) -> Call:
    """A tensor that looks at part of a storage."""
    arguments = (Storage(key, storage), offset, shape, strides, False, OrderedDict())
    return Call("torch._utils", "_rebuild_tensor_v2", *arguments)


def whole(key: str, values: np.ndarray) -> Call:
    """A tensor that is all of its storage."""
    strides = tuple(s // values.itemsize for s in values.strides)
    return tensor(key, values.ravel(), values.shape, strides)


def write_legacy(path: Path, document: Any) -> None:
    """Write the format of before torch 1.6."""
    stream = io.BytesIO()
    for header in (MAGIC, PROTOCOL, {"protocol_version": PROTOCOL, "little_endian": True}):
        pickle.dump(header, stream, protocol=2)
    pickler = _Pickler(stream, legacy=True)
    pickler.dump(document)
    keys = sorted(pickler.storages)
    pickle.dump(keys, stream, protocol=2)
    for key in keys:
        stream.write(pickler.storages[key].size.to_bytes(8, "little") + pickler.storages[key].tobytes())
    path.write_bytes(stream.getvalue())


def write_zip(path: Path, document: Any) -> None:
    """Write the format of torch 1.6 and later."""
    stream = io.BytesIO()
    pickler = _Pickler(stream, legacy=False)
    pickler.dump(document)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", stream.getvalue())
        archive.writestr("archive/byteorder", "little")
        for key, values in pickler.storages.items():
            archive.writestr(f"archive/data/{key}", values.tobytes())
