"""Conversions between types, and of addresses between spaces."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptx.meaning import Value, value
from ptx.parser import Instruction
from ptx.rounding import flushed, rounded, saturated
from ptx.spaces import WINDOWS
from ptx.types import NUMPY, is_float

Function = Callable[[np.ndarray], np.ndarray]

TO_INTEGRAL = {"rni": np.rint, "rzi": np.trunc, "rmi": np.floor, "rpi": np.ceil}


@value("cvt")
def cvt(i: Instruction) -> Value:
    """The number in another type."""
    i.allow("rn rz rm rp rna rni rzi rmi rpi ftz sat " + i.modifiers[-2])
    target, source = i.modifiers[-2:]
    if target == "tf32":
        return Value("b32", (source,), to_tf32)
    if target in HALVES:
        return to_half(i, target, source)
    convert = conversion(i, target, source)
    if "ftz" in i.modifiers and "f32" in (target, source):
        convert = with_flush(convert, target, source)
    return Value(target, (source,), convert)


def to_half(i: Instruction, target: str, source: str) -> Value:
    """From f32 to a number of 16 bits, or with x2 to two: the second source goes into the lower half."""
    if source != "f32" or i.modifiers[:-2] != ("rn",):
        raise i.error("the interpreter knows only .rn from .f32 here")
    convert = HALVES[target]
    if not target.endswith("x2"):
        return Value("b16", ("f32",), convert)
    return Value(
        "b32", ("f32", "f32"), lambda a, b: convert(a).astype(np.uint32) << np.uint32(16) | convert(b).astype(np.uint32)
    )


def f16_bits(a: np.ndarray) -> np.ndarray:
    """Binary16, to nearest even."""
    return a.astype(np.float16).view(np.uint16)


def bf16_bits(a: np.ndarray) -> np.ndarray:
    """The upper half of f32, to nearest even."""
    bits = a.view(np.uint32)
    near = (bits + np.uint32(0x7FFF) + (bits >> np.uint32(16) & np.uint32(1))) >> np.uint32(16)
    return np.where(np.isnan(a), np.uint32(0x7FFF), near).astype(np.uint16)


HALVES = {"f16": f16_bits, "f16x2": f16_bits, "bf16": bf16_bits, "bf16x2": bf16_bits}


def with_flush(convert: Function, target: str, source: str) -> Function:
    """.ftz concerns what is f32, before or after."""
    before = flushed if source == "f32" else np.asarray
    after = flushed if target == "f32" else np.asarray
    return lambda a: after(convert(before(a)))


def conversion(i: Instruction, target: str, source: str) -> Function:
    """By the kinds of the two types."""
    mode = next((m for m in i.modifiers[:-2] if m.startswith("r")), None)
    dtype = NUMPY[target]
    if is_float(source) and is_float(target):
        return float_to_float(i, dtype, source, mode)
    if is_float(source):
        if mode not in TO_INTEGRAL:
            raise i.error("a way to round to an integer is missing")
        return lambda a: clipped(TO_INTEGRAL[mode](a.astype(np.float64)), dtype)
    if is_float(target):
        if mode != "rn":
            raise i.error("the interpreter knows only .rn here")
        return lambda a: a.astype(dtype)
    if "sat" in i.modifiers:
        raise i.error("the interpreter does not know .sat here")
    return lambda a: a.astype(dtype)


def float_to_float(i: Instruction, dtype: np.dtype, source: str, mode: str | None) -> Function:
    """To an integral number, or narrower, or wider."""
    finish: Function = saturated if "sat" in i.modifiers else np.asarray
    if mode in TO_INTEGRAL:
        return lambda a: finish(TO_INTEGRAL[mode](a).astype(dtype))
    if mode is None or NUMPY[source].itemsize <= dtype.itemsize:
        return lambda a: finish(a.astype(dtype))
    return lambda a: finish(rounded(a.astype(np.float64), dtype, mode))


def clipped(a: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Integral numbers into the range of an integer type; NaN becomes 0."""
    limits = np.iinfo(dtype)
    below, above = a < limits.min, a >= float(limits.max + 1)
    inside = np.where(below | above | np.isnan(a), 0, a).astype(dtype)
    return np.select([below, above], [dtype.type(limits.min), dtype.type(limits.max)], inside)


def to_tf32(a: np.ndarray) -> np.ndarray:
    """To 10 bits of mantissa, to nearest, ties away from zero."""
    bits = a.view(np.uint32)
    return np.where(np.isfinite(a), (bits + np.uint32(0x1000)) & np.uint32(0xFFFFE000), bits)


@value("cvta")
def cvta(i: Instruction) -> Value:
    """From an address in a space to the generic address, or with .to back."""
    i.allow("to " + " ".join(WINDOWS))
    window = np.array([WINDOWS[i.modifiers[-2]]], NUMPY[i.type])
    if "to" in i.modifiers:
        return Value(i.type, (i.type,), lambda a: a - window)
    return Value(i.type, (i.type,), lambda a: a + window)
