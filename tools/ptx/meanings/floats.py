"""Floating-point arithmetic.

Approximations (.approx) are computed in double and rounded, which is within the errors that the PTX ISA allows; a GPU's
own bits may differ.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptx.meaning import FLOAT, Value, value
from ptx.parser import Instruction
from ptx.rounding import flushed, rounded, saturated, sum_to_odd
from ptx.types import NUMPY

Function = Callable[..., np.ndarray]
ROUNDINGS = ("rn", "rz", "rm", "rp")


def stated(i: Instruction, count: int, function: Function) -> Value:
    """A value of `count` sources of the instruction's type, with .ftz and .sat."""

    def compute(*sources: np.ndarray) -> np.ndarray:
        result = flushed(function(*map(flushed, sources))) if "ftz" in i.modifiers else function(*sources)
        return saturated(result) if "sat" in i.modifiers else result

    return Value(i.type, (i.type,) * count, compute)


def rounding(i: Instruction) -> str:
    """To nearest unless the instruction says otherwise."""
    mode = next((m for m in i.modifiers if m in ROUNDINGS), "rn")
    if i.type == "f64" and mode != "rn":
        raise i.error(f"the interpreter does not know .{mode} for f64")
    return mode


def double(a: np.ndarray) -> np.ndarray:
    """The same number."""
    return a.astype(np.float64)


def simple(name: str, to_nearest: Function, exact: Function) -> None:
    """An operation that numpy rounds to nearest; `exact` gives it in double for the other ways to round."""

    @value(name, kind=FLOAT)
    def operation(i: Instruction) -> Value:
        i.allow("rn rz rm rp ftz sat")
        mode, dtype = rounding(i), NUMPY[i.type]
        if mode == "rn":
            return stated(i, 2, to_nearest)
        return stated(i, 2, lambda a, b: rounded(exact(double(a), double(b)), dtype, mode))


simple("add", np.add, sum_to_odd)
simple("sub", np.subtract, lambda a, b: sum_to_odd(a, -b))
simple("mul", np.multiply, np.multiply)


@value("fma", "mad", kind=FLOAT)
def fma(i: Instruction) -> Value:
    """The sum a b + c, rounded once: the product is exact in double."""
    i.allow("rn rz rm rp ftz sat")
    if i.type == "f64":
        raise i.error("the interpreter does not know this for f64")
    mode, dtype = rounding(i), NUMPY[i.type]
    return stated(i, 3, lambda a, b, c: rounded(sum_to_odd(double(a) * double(b), double(c)), dtype, mode))


QUOTIENTS: dict[str, tuple[int, Function]] = {
    "div": (2, np.divide),
    "rcp": (1, np.reciprocal),
    "sqrt": (1, np.sqrt),
}
for name, (count, function) in QUOTIENTS.items():

    @value(name, kind=FLOAT)
    def correctly_rounded(i: Instruction, count: int = count, function: Function = function) -> Value:
        """Rounded to nearest by numpy, which .approx and .full may be too."""
        i.allow("rn approx full ftz")
        return stated(i, count, function)


APPROXIMATE: dict[str, Function] = {
    "rsqrt": lambda a: 1 / np.sqrt(a),
    "ex2": np.exp2,
    "lg2": np.log2,
    "sin": np.sin,
    "cos": np.cos,
    "tanh": np.tanh,
}
for name, function in APPROXIMATE.items():

    @value(name, kind=FLOAT)
    def approximate(i: Instruction, function: Function = function) -> Value:
        """In double, then rounded."""
        i.allow("approx ftz")
        return stated(i, 1, lambda a: function(double(a)).astype(a.dtype))


def extreme(name: str, of_numbers: Function, with_nan: Function, of_zeros: Function) -> None:
    """Least or greatest: of a number and NaN the number, unless .NaN asks for NaN; -0 is less than +0."""

    @value(name, kind=FLOAT)
    def operation(i: Instruction) -> Value:
        i.allow("ftz NaN")
        choose = with_nan if "NaN" in i.modifiers else of_numbers
        bits = f"u{NUMPY[i.type].itemsize}"

        def chosen(a: np.ndarray, b: np.ndarray) -> np.ndarray:
            return np.where(a == b, of_zeros(a.view(bits), b.view(bits)).view(a.dtype), choose(a, b))

        return stated(i, 2, chosen)


extreme("min", np.fmin, np.minimum, np.bitwise_or)
extreme("max", np.fmax, np.maximum, np.bitwise_and)


@value("abs", kind=FLOAT)
def absolute(i: Instruction) -> Value:
    """|a|."""
    i.allow("ftz")
    return stated(i, 1, np.abs)


@value("neg", kind=FLOAT)
def negative(i: Instruction) -> Value:
    """-a."""
    i.allow("ftz")
    return stated(i, 1, np.negative)


@value("copysign", kind=FLOAT)
def copysign(i: Instruction) -> Value:
    """The number b with the sign of a."""
    i.allow("")
    return stated(i, 2, lambda a, b: np.copysign(b, a))
