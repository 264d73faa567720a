"""Atomic operations: the threads of a block one after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ptx.access import SPACES, address_of, memory_of
from ptx.block import Action, Block, read, register_name
from ptx.meaning import meaning
from ptx.parser import Instruction, Operand
from ptx.types import NUMPY

if TYPE_CHECKING:
    from ptx.program import Program

Update = Callable[..., np.ndarray]

OPERATIONS: dict[str, Update] = {
    "add": np.add,
    "min": np.minimum,
    "max": np.maximum,
    "and": np.bitwise_and,
    "or": np.bitwise_or,
    "xor": np.bitwise_xor,
    "exch": lambda old, b: b,
    "cas": lambda old, b, c: np.where(old == b, c, old),
    "inc": lambda old, b: np.where(old >= b, old.dtype.type(0), old + old.dtype.type(1)),
    "dec": lambda old, b: np.where((old == 0) | (old > b), b, old - old.dtype.type(1)),
}


def update(
    i: Instruction, operands: tuple[Operand, ...], program: Program
) -> Callable[[Block, np.ndarray], np.ndarray]:
    """Applies the operation; returns the values from before, of the active threads."""
    i.allow(f"relaxed acquire release acq_rel cta gpu sys {SPACES} {' '.join(OPERATIONS)}")
    operation = next(OPERATIONS[m] for m in i.modifiers if m in OPERATIONS)
    addresses_of, memory = address_of(i, operands[0], program), memory_of(i)
    sources = [read(i, s, i.type, program) for s in operands[1:]]
    dtype = NUMPY[i.type]

    def apply(block: Block, active: np.ndarray) -> np.ndarray:
        space, addresses = memory(block, addresses_of(block, active))
        space.check_alignment(addresses, dtype.itemsize)
        values = [np.broadcast_to(s(block), block.lanes)[active] for s in sources]
        before = np.zeros(addresses.size, dtype)
        for k in range(addresses.size):
            here = slice(k, k + 1)
            before[here] = space.load(addresses[here], dtype)
            space.store(addresses[here], operation(before[here], *(v[here] for v in values)))
        return before

    return apply


@meaning("atom")
def atom(i: Instruction, program: Program) -> Action:
    """The result is the value from before."""
    register = register_name(i, i.operands[0], program)
    apply = update(i, i.operands[1:], program)

    def action(block: Block, active: np.ndarray) -> None:
        value = np.zeros(block.lanes, NUMPY[i.type])
        value[active] = apply(block, active)
        block.write(register, value, active)

    return action


@meaning("red")
def red(i: Instruction, program: Program) -> Action:
    """The same without a result."""
    apply = update(i, i.operands, program)

    def action(block: Block, active: np.ndarray) -> None:
        apply(block, active)

    return action
