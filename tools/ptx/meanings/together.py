"""What threads do together: barriers, votes, shuffles, reductions, and loads and products of matrices."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from ptx.access import address_of, elements
from ptx.block import WARP, Action, Block, Reader, read, register_name
from ptx.meaning import Meeting, meaning, meeting
from ptx.parser import Immediate, Instruction, Operand
from ptx.types import NUMPY

if TYPE_CHECKING:
    from ptx.program import Program

ALL_LANES = Immediate(0xFFFFFFFF)
LANES = np.arange(WARP, dtype=np.uint32)


def by_warp(a: np.ndarray, block: Block) -> np.ndarray:
    """[warp, lane]."""
    return np.broadcast_to(a, block.lanes).reshape(-1, WARP)


def lanes_of(warps: np.ndarray) -> np.ndarray:
    """[warp]: the bits of the lanes that are set."""
    return np.bitwise_or.reduce(np.where(warps, np.uint32(1) << LANES, np.uint32(0)), axis=1)


def meeting_of(members: Reader) -> Meeting:
    """The lanes of a warp go on when all that they name have come."""

    def ready(block: Block, here: np.ndarray) -> np.ndarray:
        warps = by_warp(here, block)
        missing = by_warp(members(block), block) & ~lanes_of(warps)[:, None]
        complete = ((missing == 0) | ~warps).all(axis=1)
        return (warps & complete[:, None]).reshape(-1)

    return ready


@meeting("shfl")
@meeting("vote")
@meeting("redux")
def last_operand_names_lanes(i: Instruction, program: Program) -> Meeting:
    """The mask of the .sync forms."""
    return meeting_of(read(i, i.operands[-1], "u32", program))


@meeting("mma")
@meeting("ldmatrix")
def whole_warp(i: Instruction, program: Program) -> Meeting:
    """.aligned: all lanes."""
    return meeting_of(read(i, ALL_LANES, "u32", program))


@meeting("bar")
@meeting("barrier")
def barrier(i: Instruction, program: Program) -> Meeting:
    """bar.sync 0 waits for all threads that have not ended, bar.warp.sync for lanes."""
    if i.modifiers == ("warp", "sync"):
        return last_operand_names_lanes(i, program)
    if "sync" not in i.modifiers or len(i.operands) != 1:
        raise i.error("the interpreter does not know this barrier")
    return lambda block, here: here & (here == block.live).all()


@meaning("bar", "barrier")
def passed(_: Instruction, __: Program) -> Action:
    """All have come; there is nothing more to do."""
    return lambda _, __: None


@meaning("vote")
def vote(i: Instruction, program: Program) -> Action:
    """What the predicates of the lanes say together."""
    i.allow("sync ballot all any")
    register = register_name(i, i.operands[0], program)
    predicate = read(i, i.operands[1], "pred", program)
    kind = i.modifiers[1]

    def action(block: Block, active: np.ndarray) -> None:
        here, holds = by_warp(active, block), by_warp(predicate(block), block)
        results = {
            "ballot": lambda: lanes_of(holds & here),
            "all": lambda: (holds | ~here).all(axis=1),
            "any": lambda: (holds & here).any(axis=1),
        }
        block.write(register, np.repeat(results[kind](), WARP), active)

    return action


@meaning("activemask")
def activemask(i: Instruction, program: Program) -> Action:
    """The lanes that are here."""
    register = register_name(i, i.operands[0], program)
    return lambda block, active: block.write(register, np.repeat(lanes_of(by_warp(active, block)), WARP), active)


def source_lane(mode: str, b: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """shfl: the lane that each lane would read, and whether it lies in its segment (PTX ISA, shfl.sync)."""
    by, clamp, segment = b & 31, c & 31, c >> np.uint32(8) & 31
    first = LANES & segment
    last = first | (clamp & ~segment)
    lane = {"up": LANES - by, "down": LANES + by, "bfly": LANES ^ by, "idx": first | (by & ~segment)}[mode]
    lane, last = lane.astype(np.int32), last.astype(np.int32)
    return lane, lane >= last if mode == "up" else lane <= last


@meaning("shfl")
def shfl(i: Instruction, program: Program) -> Action:
    """The value of another lane, or the own where there is none; the second result says which."""
    i.allow("sync up down bfly idx")
    *targets, a, b, c, _ = i.operands
    names = [register_name(i, t, program) for t in targets]
    value, offset, clamp = (read(i, operand, "u32", program) for operand in (a, b, c))

    def action(block: Block, active: np.ndarray) -> None:
        lane, inside = source_lane(i.modifiers[1], by_warp(offset(block), block), by_warp(clamp(block), block))
        lane = np.where(inside, lane, LANES)
        here = by_warp(active, block)
        if (here & ~np.take_along_axis(here, lane, axis=1)).any():
            raise i.error("a lane reads one that takes no part")
        results = (np.take_along_axis(by_warp(value(block), block), lane, axis=1), inside)
        for name, result in zip(names, results, strict=False):
            block.write(name, result.reshape(-1), active)

    return action


REDUCTIONS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "add": np.add,
    "min": np.minimum,
    "max": np.maximum,
    "and": np.bitwise_and,
    "or": np.bitwise_or,
    "xor": np.bitwise_xor,
}


@meaning("redux")
def redux(i: Instruction, program: Program) -> Action:
    """The sum, or another combination, of the values of the lanes that are here."""
    i.allow("sync " + " ".join(REDUCTIONS))
    register = register_name(i, i.operands[0], program)
    source, combine = read(i, i.operands[1], i.type, program), REDUCTIONS[i.modifiers[1]]

    def action(block: Block, active: np.ndarray) -> None:
        result = np.zeros(block.lanes, NUMPY[i.type])
        for first in range(0, block.lanes, WARP):
            warp = slice(first, first + WARP)
            values = np.broadcast_to(source(block), block.lanes)[warp][active[warp]]
            if values.size:
                result[warp] = reduce(combine, values)
        block.write(register, result, active)

    return action


@meaning("mma")
def mma(i: Instruction, program: Program) -> Action:
    """D = A B + C in the lanes' registers. Sums are made in double; a GPU's own order and rounding may differ."""
    unpack = UNPACKED.get(i.modifiers)
    if unpack is None:
        raise i.error("the interpreter knows only m16n8k8 of TF32 and m16n8k16 of F16 and BF16, with f32 sums")
    names = [register_name(i, t, program) for t in elements(i.operands[0])]
    a, b, c = (readers(i, operand, program) for operand in i.operands[1:])
    g, t = LANES // 4, LANES % 4

    def action(block: Block, active: np.ndarray) -> None:
        def numbers(reader: Reader) -> list[np.ndarray]:
            return unpack(by_warp(reader(block), block))

        pack = len(numbers(a[0]))  # numbers in a register, side by side in k
        warps, depth = block.lanes // WARP, 8 * pack
        left, right, sums = (np.zeros((warps, *size)) for size in ((16, depth), (depth, 8), (16, 8)))
        for r, reader in enumerate(a):
            for j, values in enumerate(numbers(reader)):
                left[:, g + 8 * (r % 2), pack * t + j + 4 * pack * (r // 2)] = values
        for r, reader in enumerate(b):
            for j, values in enumerate(numbers(reader)):
                right[:, pack * t + j + 4 * pack * r, g] = values
        for r, reader in enumerate(c):
            sums[:, g + 8 * (r // 2), 2 * t + r % 2] = by_warp(reader(block), block).view(np.float32)
        result = (left @ right + sums).astype(np.float32)
        for r, name in enumerate(names):
            block.write(name, result[:, g + 8 * (r // 2), 2 * t + r % 2].reshape(-1), active)

    return action


@meaning("ldmatrix")
def ldmatrix(i: Instruction, program: Program) -> Action:
    """Four matrices of 8 rows of 16 bytes: lane l names row l % 8 of matrix l // 8, and gets two numbers of each."""
    transposed = "trans" in i.modifiers
    if tuple(m for m in i.modifiers if m != "trans") != ("sync", "aligned", "m8n8", "x4", "shared", "b16"):
        raise i.error("the interpreter knows only ldmatrix.x4 of .b16 in shared memory")
    names = [register_name(i, t, program) for t in elements(i.operands[0])]
    addresses = address_of(i, i.operands[1], program)

    def action(block: Block, active: np.ndarray) -> None:
        memory, rows = block.spaces["shared"], addresses(block, active)
        memory.check_alignment(rows, 16)
        numbers = np.stack([memory.load(rows + 2 * k, np.dtype(np.uint16)) for k in range(8)], axis=1)
        matrices = numbers.reshape(-1, 4, 8, 8)
        if transposed:
            matrices = matrices.swapaxes(2, 3)
        pairs = np.ascontiguousarray(matrices).view(np.uint32).reshape(-1, 4, WARP)  # lane 4 row + column / 2
        for k, name in enumerate(names):
            result = np.zeros(block.lanes, np.uint32)
            result[active] = pairs[:, k].reshape(-1)
            block.write(name, result, active)

    return action


def readers(i: Instruction, operand: Operand, program: Program) -> list[Reader]:
    """Of the registers of one matrix."""
    return [read(i, element, "b32", program) for element in elements(operand)]


def tf32(bits: np.ndarray) -> list[np.ndarray]:
    """What the unit sees of a register: the low 13 bits are ignored."""
    return [(bits & np.uint32(0xFFFFE000)).view(np.float32)]


def f16(bits: np.ndarray) -> list[np.ndarray]:
    """The two numbers in a register, the lower bits first."""
    return [half.astype(np.uint16).view(np.float16) for half in (bits & np.uint32(0xFFFF), bits >> np.uint32(16))]


def bf16(bits: np.ndarray) -> list[np.ndarray]:
    """As f16: the upper halves of two f32."""
    return [half.view(np.float32) for half in (bits << np.uint32(16), bits & np.uint32(0xFFFF0000))]


UNPACKED: dict[tuple[str, ...], Callable[[np.ndarray], list[np.ndarray]]] = {
    ("sync", "aligned", shape, "row", "col", "f32", number, number, "f32"): unpack
    for shape, number, unpack in (("m16n8k8", "tf32", tf32), ("m16n8k16", "f16", f16), ("m16n8k16", "bf16", bf16))
}
