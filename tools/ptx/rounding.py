"""Floating-point operations that numpy does not have: fused, and rounded in other ways than to nearest."""

from __future__ import annotations

import numpy as np

SMALLEST_NORMAL = np.finfo(np.float32).tiny


def flushed(a: np.ndarray) -> np.ndarray:
    """.ftz: subnormal numbers of f32 become zeros of their sign."""
    return np.where(np.abs(a) < SMALLEST_NORMAL, np.copysign(np.float32(0), a), a)


def saturated(a: np.ndarray) -> np.ndarray:
    """.sat: into [0, 1]; NaN becomes 0."""
    return np.where(a > 0, np.minimum(a, a.dtype.type(1)), a.dtype.type(0))


def sum_to_odd(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The sum in double, where an inexact sum gets the neighbour whose last bit is 1: no later rounding mistakes it.

    (Boldo, Melquiond: "Emulation of FMA and correctly rounded sums: proved algorithms using rounding to odd", 2008.)
    """
    total = a + b
    part = total - a
    error = (a - (total - part)) + (b - part)
    bits = total.view(np.int64)
    away = np.where((error > 0) == (total > 0), 1, -1)
    change = np.isfinite(total) & (error != 0) & (bits & 1 == 0)
    return np.where(change, bits + away, bits).view(np.float64)


def rounded(exact: np.ndarray, dtype: np.dtype, mode: str) -> np.ndarray:
    """From double, rounded to odd or exact, to a narrower type: rn to nearest, rz to zero, rm down, rp up."""
    near = exact.astype(dtype)
    if mode == "rn":
        return near
    down, up = np.nextafter(near, dtype.type(-np.inf)), np.nextafter(near, dtype.type(np.inf))
    toward_minus = (exact > 0) if mode == "rz" else np.full(exact.shape, mode == "rm")
    return np.where(toward_minus, np.where(near > exact, down, near), np.where(near < exact, up, near))
