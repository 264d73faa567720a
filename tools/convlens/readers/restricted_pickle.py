"""The one unpickler: it can build tensors from a torch file, and can execute nothing.

A pickle is a program that may call any function it names. Here the names resolve to the few below, all of them ours.
"""

from __future__ import annotations

import collections
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any

import numpy as np

from convlens.errors import UserError

STORAGE_TYPES: dict[str, np.dtype] = {
    "DoubleStorage": np.dtype("<f8"),
    "FloatStorage": np.dtype("<f4"),
    "HalfStorage": np.dtype("<f2"),
    "LongStorage": np.dtype("<i8"),
    "IntStorage": np.dtype("<i4"),
    "ShortStorage": np.dtype("<i2"),
    "CharStorage": np.dtype("i1"),
    "ByteStorage": np.dtype("u1"),
    "BoolStorage": np.dtype("?"),
}


@dataclass(frozen=True)
class StorageType:
    """Stands for a class such as torch.FloatStorage."""

    dtype: np.dtype


@dataclass(frozen=True)
class TensorView:
    """A tensor whose storage may not have been read yet."""

    storage: Any
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def resolve(self, storages: dict[str, np.ndarray]) -> np.ndarray:
        """Copy the tensor out of its storage, having checked that it lies inside."""
        data = storages[self.storage]
        if len(self.shape) != len(self.strides) or self.offset < 0 or min((*self.shape, *self.strides), default=0) < 0:
            raise UserError("a tensor has an impossible shape, stride or offset")
        if 0 in self.shape:
            return np.empty(self.shape, data.dtype)
        last = self.offset + sum((n - 1) * s for n, s in zip(self.shape, self.strides, strict=True))
        if last >= data.size:
            raise UserError(f"a tensor reaches to element {last} of a storage of {data.size}")
        strides = [s * data.itemsize for s in self.strides]
        return np.lib.stride_tricks.as_strided(data[self.offset :], self.shape, strides, writeable=False).copy()


def _rebuild_tensor(storage: Any, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: Any) -> TensorView:
    return TensorView(storage, offset, tuple(shape), tuple(strides))


def _rebuild_parameter(tensor: TensorView, *_: Any) -> TensorView:
    return tensor


_ALLOWED: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("torch._utils", "_rebuild_tensor"): _rebuild_tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
    **{("torch", name): StorageType(dtype) for name, dtype in STORAGE_TYPES.items()},
}


class RestrictedUnpickler(pickle.Unpickler):
    """Resolves the names of `_ALLOWED` and no others. `on_storage` gets the tuple that names a storage."""

    def __init__(self, file: IO[bytes], on_storage: Callable[[Any], Any] | None = None) -> None:
        super().__init__(file, encoding="utf-8")
        self._on_storage = on_storage

    def find_class(self, module: str, name: str) -> Any:
        """Look a global up in the list of what is allowed."""
        if (module, name) not in _ALLOWED:
            raise UserError(
                f"it asks for {module}.{name}, which no file of weights needs; it is refused, and nothing was run"
            )
        return _ALLOWED[module, name]

    def persistent_load(self, pid: Any) -> Any:
        """Hand a reference to a storage to whoever reads the file."""
        if self._on_storage is None or not isinstance(pid, tuple) or not pid or pid[0] != "storage":
            raise UserError("it refers to something that is no tensor storage")
        return self._on_storage(pid)


def storage_type(entry: Any) -> np.dtype:
    """The element type of the storage that a persistent id names."""
    if not isinstance(entry, StorageType):
        raise UserError("a storage is of an unknown type")
    return entry.dtype


def state_dict(document: Any) -> dict[str, TensorView]:
    """Find the tensors: in the document itself, or under a key such as "state_dict" of a training checkpoint."""
    if isinstance(document, dict):
        for key in ("state_dict", "model_state_dict", "model"):
            if isinstance(document.get(key), dict):
                document = document[key]
                break
        tensors = {str(k): v for k, v in document.items() if isinstance(v, TensorView)}
        if tensors:
            return tensors
    raise UserError("it holds no state dict: no names with tensors")
