"""NumPy's archive of named arrays."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from convlens.readers import Tensors, register


def _is_npz(path: Path, head: bytes) -> bool:
    if not head.startswith(b"PK") or path.suffix in (".pth", ".pt"):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return all(name.endswith(".npy") for name in archive.namelist())
    except zipfile.BadZipFile:
        return path.suffix == ".npz"


@register("npz", _is_npz)
def read_npz(path: Path) -> Tensors:
    """Read every array; pickled objects are refused by NumPy."""
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}
