"""Readers of weight files. Each module here adds itself; `read_tensors` picks by what the file begins with."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path

import numpy as np

from convlens.errors import UserError

Tensors = dict[str, np.ndarray]
Reader = Callable[[Path], Tensors]
Recogniser = Callable[[Path, bytes], bool]

_READERS: list[tuple[str, Recogniser, Reader]] = []
_HEAD_BYTES = 64


def register(kind: str, recognises: Recogniser) -> Callable[[Reader], Reader]:
    """Announce the reader of one kind of file. `recognises` sees the path and the file's first bytes."""

    def decorate(reader: Reader) -> Reader:
        _READERS.append((kind, recognises, reader))
        return reader

    return decorate


def read_tensors(path: Path | str) -> Tensors:
    """Read all tensors of a weight file of any known kind."""
    path = Path(path)
    try:
        with open(path, "rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
    for kind, recognises, reader in _READERS:
        if recognises(path, head):
            try:
                return reader(path)
            except UserError as error:
                raise UserError(f"{path}: {error}") from None
            except Exception as error:
                raise UserError(f"{path} is damaged or no {kind} file after all: {error}") from error
    kinds = ", ".join(kind for kind, _, _ in _READERS)
    raise UserError(f"{path} is of no known kind (known: {kinds})")


for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
