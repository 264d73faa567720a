"""What an instruction that reads or writes memory names: addresses, in a space, and vectors of registers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ptx.block import Block, read
from ptx.memory import Memory
from ptx.parser import Address, Instruction, Name, Operand, Register, Vector
from ptx.spaces import WINDOWS
from ptx.types import NUMPY

if TYPE_CHECKING:
    from ptx.program import Program

SPACES = "global shared shared::cta param"


def elements(operand: Operand) -> tuple[Operand, ...]:
    """Of a vector, or the operand itself."""
    return operand.elements if isinstance(operand, Vector) else (operand,)


def address_of(i: Instruction, operand: Operand, program: Program) -> Callable[[Block, np.ndarray], np.ndarray]:
    """The addresses that the active threads name."""
    if not isinstance(operand, Address):
        raise i.error("an address was expected")
    base = Register(operand.base) if program.has_register(operand.base) else Name(operand.base)
    wide = isinstance(base, Name) or NUMPY[program.register_type(base.name)].itemsize == 8
    reader = read(i, base, "u64" if wide else "u32", program)
    offset = np.int64(operand.offset)
    return lambda block, active: np.broadcast_to(reader(block), block.lanes)[active].astype(np.int64) + offset


def memory_of(i: Instruction) -> Callable[[Block, np.ndarray], tuple[Memory, np.ndarray]]:
    """The space that an instruction names, with addresses in it; without a name addresses are generic."""
    named = next((m.split("::")[0] for m in i.modifiers if m in SPACES.split()), None)
    if named:
        return lambda block, addresses: (block.spaces[named], addresses)

    def located(block: Block, addresses: np.ndarray) -> tuple[Memory, np.ndarray]:
        shared = addresses >= WINDOWS["shared"]
        if shared.any() and not shared.all():
            raise i.error("threads address two spaces at once")
        space = "shared" if shared.any() else "global"
        return block.spaces[space], addresses - WINDOWS[space]

    return located
