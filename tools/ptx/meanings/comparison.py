"""Comparison and selection."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptx.meaning import Value, value
from ptx.parser import Instruction
from ptx.rounding import flushed
from ptx.types import is_float

Comparison = Callable[[np.ndarray, np.ndarray], np.ndarray]

ORDERED: dict[str, Comparison] = {
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
}
UNSIGNED = {"lo": "lt", "ls": "le", "hi": "gt", "hs": "ge"}
COMBINATIONS = {"and": np.logical_and, "or": np.logical_or, "xor": np.logical_xor}


def unordered(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """One is NaN."""
    return np.isnan(a) | np.isnan(b)


def float_comparison(name: str) -> Comparison | None:
    """Comparisons are false for NaN, those that end in "u" true."""
    if name in ORDERED:
        return lambda a, b: ORDERED[name](a, b) & ~unordered(a, b)
    if name.endswith("u") and name[:-1] in ORDERED:
        return lambda a, b: ORDERED[name[:-1]](a, b) | unordered(a, b)
    return {"num": lambda a, b: ~unordered(a, b), "nan": unordered}.get(name)


def comparison(i: Instruction) -> Comparison:
    """The first modifier."""
    name = i.modifiers[0]
    found = float_comparison(name) if is_float(i.type) else ORDERED.get(UNSIGNED.get(name, name))
    if found is None:
        raise i.error(f"the interpreter does not know .{name} here")
    return (lambda a, b: found(flushed(a), flushed(b))) if "ftz" in i.modifiers else found


@value("setp")
def setp(i: Instruction) -> Value:
    """A compared with b, or that combined with a predicate."""
    i.allow(f"{i.modifiers[0]} and or xor ftz")
    compare = comparison(i)
    combination = next((COMBINATIONS[m] for m in i.modifiers[1:-1] if m in COMBINATIONS), None)
    if combination is None:
        return Value("pred", (i.type, i.type), compare)
    return Value("pred", (i.type, i.type, "pred"), lambda a, b, c: combination(compare(a, b), c))


@value("selp")
def selp(i: Instruction) -> Value:
    """Either a or b, as predicate c says."""
    i.allow("")
    return Value(i.type, (i.type, i.type, "pred"), lambda a, b, c: np.where(c, a, b))
