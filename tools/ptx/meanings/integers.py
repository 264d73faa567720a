"""Integer arithmetic, logic and shifts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptx.meaning import INTEGER, Value, value
from ptx.parser import Instruction
from ptx.types import NUMPY, wide

Function = Callable[..., np.ndarray]


def bits(type_name: str) -> int:
    """How many a value of the type has."""
    return 8 * NUMPY[type_name].itemsize


def of_one_type(count: int, function: Function) -> Callable[[Instruction], Value]:
    """`count` sources and the result have the type of the instruction, which has no other modifier."""

    def stated(i: Instruction) -> Value:
        i.allow("")
        return Value(i.type, (i.type,) * count, function)

    return stated


SIMPLE: dict[str, tuple[int, Function]] = {
    "add": (2, np.add),
    "sub": (2, np.subtract),
    "min": (2, np.minimum),
    "max": (2, np.maximum),
    "neg": (1, np.negative),
    "abs": (1, np.abs),
    "and": (2, np.bitwise_and),
    "or": (2, np.bitwise_or),
    "xor": (2, np.bitwise_xor),
    "not": (1, np.invert),
    "div": (2, lambda a, b: quotient(a, b)),
    "rem": (2, lambda a, b: a - quotient(a, b) * b),
}
for name, (count, function) in SIMPLE.items():
    value(name, kind=INTEGER)(of_one_type(count, function))


def quotient(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Of a and b, rounded towards zero."""
    unsigned = np.dtype(f"u{a.itemsize}")
    magnitude = np.abs(a).view(unsigned) // np.abs(b).view(unsigned)
    return np.where((a < 0) != (b < 0), -magnitude, magnitude).view(a.dtype)


def product(i: Instruction) -> tuple[str, Function]:
    """The type and value of mul and mad: the low or high half of the product, or all of it."""
    i.allow("lo hi wide")
    half, long = i.modifiers[0], wide(i.type)
    if half == "lo":
        return i.type, np.multiply
    if half == "wide":
        return long, lambda a, b: a.astype(NUMPY[long]) * b.astype(NUMPY[long])
    whole = object if bits(i.type) == 64 else NUMPY[long]  # Python's integers have no end
    return i.type, lambda a, b: ((a.astype(whole) * b.astype(whole)) >> bits(i.type)).astype(a.dtype)


@value("mul", kind=INTEGER)
def mul(i: Instruction) -> Value:
    """The product a b."""
    result, multiply = product(i)
    return Value(result, (i.type, i.type), multiply)


@value("mad", kind=INTEGER)
def mad(i: Instruction) -> Value:
    """The sum a b + c."""
    result, multiply = product(i)
    return Value(result, (i.type, i.type, result), lambda a, b, c: multiply(a, b) + c)


def shifted_left(a: np.ndarray, by: np.ndarray) -> np.ndarray:
    """0 when all bits are shifted out."""
    width = 8 * a.itemsize
    return np.where(by < width, a << np.minimum(by, width - 1).astype(a.dtype), 0).astype(a.dtype)


def shifted_right(a: np.ndarray, by: np.ndarray) -> np.ndarray:
    """Signs move in for signed types, zeros for others."""
    width = 8 * a.itemsize
    moved = a >> np.minimum(by, width - 1).astype(a.dtype)
    return moved if a.dtype.kind == "i" else np.where(by < width, moved, 0).astype(a.dtype)


@value("shl")
def shl(i: Instruction) -> Value:
    """Shift a to the left by b."""
    i.allow("")
    return Value(i.type, (i.type, "u32"), shifted_left)


@value("shr")
def shr(i: Instruction) -> Value:
    """Shift a to the right by b."""
    i.allow("")
    return Value(i.type, (i.type, "u32"), shifted_right)


@value("shf")
def shf(i: Instruction) -> Value:
    """The upper half of (b:a) << c, or the lower half of (b:a) >> c."""
    i.allow("l r wrap clamp")
    left, wraps = "l" in i.modifiers, "wrap" in i.modifiers

    def funnel(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
        by = (c & 31) if wraps else np.minimum(c, 32)
        both = b.astype("u8") << np.uint64(32) | a
        return (shifted_left(both, by) >> np.uint64(32) if left else shifted_right(both, by)).astype("u4")

    return Value("u32", ("u32", "u32", "u32"), funnel)


def ones(count: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """The lowest `count` bits set."""
    return ~shifted_left(~np.zeros_like(count, dtype), count)


@value("bfe")
def bfe(i: Instruction) -> Value:
    """The field of c bits from bit b on; of a signed type with its sign."""
    i.allow("")
    width = bits(i.type)

    def field(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
        begun, length = shifted_right(a, b & 255), c & 255
        if a.dtype.kind == "u":
            return begun & ones(length, a.dtype)
        rest = width - np.minimum(length, width)
        return shifted_right(shifted_left(begun, rest), np.where(length == 0, 0, rest).astype("u4"))

    return Value(i.type, (i.type, "u32", "u32"), field)


@value("bfi")
def bfi(i: Instruction) -> Value:
    """Put the d lowest bits of a in place of those of b from bit c on."""
    i.allow("")

    def insert(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> np.ndarray:
        field = shifted_left(ones(d & 255, a.dtype), c & 255)
        return (b & ~field) | (shifted_left(a, c & 255) & field)

    return Value(i.type, (i.type, i.type, "u32", "u32"), insert)


def bit_table(a: np.ndarray) -> np.ndarray:
    """[thread, bit], the lowest first."""
    return np.unpackbits(np.ascontiguousarray(a).view("u1").reshape(a.size, -1), axis=1, bitorder="little")


def from_bit_table(table: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """The values with those bits."""
    return np.packbits(table, axis=1, bitorder="little").view(dtype).reshape(-1)


@value("popc")
def popc(i: Instruction) -> Value:
    """How many bits are set."""
    i.allow("")
    return Value("u32", (i.type,), lambda a: bit_table(a).sum(axis=1).astype("u4"))


@value("clz")
def clz(i: Instruction) -> Value:
    """How many zeros come before the highest bit that is set."""
    i.allow("")

    def leading_zeros(a: np.ndarray) -> np.ndarray:
        table = bit_table(a)[:, ::-1]
        return np.where(table.any(axis=1), table.argmax(axis=1), bits(i.type)).astype("u4")

    return Value("u32", (i.type,), leading_zeros)


@value("brev")
def brev(i: Instruction) -> Value:
    """The bits in reverse order."""
    i.allow("")
    return Value(i.type, (i.type,), lambda a: from_bit_table(bit_table(a)[:, ::-1], a.dtype))


@value("prmt")
def prmt(i: Instruction) -> Value:
    """Four of the eight bytes of (b:a), chosen by the digits of c, whose highest bit asks for copies of the sign."""
    i.allow("")

    def permuted(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
        both, result = b.astype("u8") << np.uint64(32) | a, np.zeros(1, "u8")
        for byte in range(4):
            choice = (c >> np.uint32(4 * byte)).astype("u8")
            chosen = both >> (choice & np.uint64(7)) * np.uint64(8) & np.uint64(255)
            sign = (chosen >> np.uint64(7)) * np.uint64(255)
            result = result | np.where(choice & np.uint64(8), sign, chosen) << np.uint64(8 * byte)
        return result.astype("u4")

    return Value("u32", ("u32", "u32", "u32"), permuted)


@value("lop3")
def lop3(i: Instruction) -> Value:
    """Each bit of d is the bit of the table that the bits of a, b and c number."""
    i.allow("")

    def looked_up(a: np.ndarray, b: np.ndarray, c: np.ndarray, table: np.ndarray) -> np.ndarray:
        result = np.zeros(1, "u4")
        for row in range(8):
            chosen = [x if row & bit else ~x for x, bit in ((a, 4), (b, 2), (c, 1))]
            result = result | np.where(table >> np.uint32(row) & 1, chosen[0] & chosen[1] & chosen[2], 0).astype("u4")
        return result

    return Value("u32", ("u32", "u32", "u32", "u32"), looked_up)
