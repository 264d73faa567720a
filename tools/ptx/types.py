"""PTX's fundamental types in numpy. Registers hold bits: each instruction says as what it reads them."""

from __future__ import annotations

import numpy as np

NUMPY = {
    "pred": np.dtype(np.bool_),
    **{f"{kind}{bits}": np.dtype(f"u{bits // 8}") for kind in "bu" for bits in (8, 16, 32, 64)},
    **{f"s{bits}": np.dtype(f"i{bits // 8}") for bits in (8, 16, 32, 64)},
    **{f"f{bits}": np.dtype(f"f{bits // 8}") for bits in (16, 32, 64)},
}


def bits_of(type_name: str) -> np.dtype:
    """How a register of that type keeps its bits."""
    size = NUMPY[type_name].itemsize
    return NUMPY["pred"] if type_name == "pred" else np.dtype(f"u{size}")


def wide(type_name: str) -> str:
    """The type of twice the bits: s64 for s32."""
    return f"{type_name[0]}{2 * int(type_name[1:])}"


def is_float(type_name: str) -> bool:
    """Of f16, f32 and f64."""
    return type_name.startswith("f")


def extended(value: np.ndarray, size: int) -> np.ndarray:
    """The bits of `value` in `size` bytes: with copies of the sign, or zeros, in front."""
    if value.dtype == np.bool_:
        return value
    kind = "i" if value.dtype.kind == "i" else "u"
    return value.view(f"{kind}{value.itemsize}").astype(f"{kind}{size}").view(f"u{size}")
