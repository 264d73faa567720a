"""Data movement: mov, ld, st."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ptx.access import SPACES, address_of, elements, memory_of
from ptx.block import Action, Block, read, register_name
from ptx.meaning import meaning
from ptx.parser import Instruction
from ptx.types import NUMPY, bits_of

if TYPE_CHECKING:
    from ptx.program import Program

ORDERS_AND_CACHES = "weak volatile relaxed acquire release cta gpu sys nc ca cg cs lu cv wb wt v2 v4 "


@meaning("mov")
def mov(i: Instruction, program: Program) -> Action:
    """Move bits. A vector on one side is the parts of the other's bits, the lowest first."""
    i.allow("")
    targets, sources = map(elements, i.operands)
    whole = bits_of(i.type)
    part = whole if len(targets) == len(sources) else np.dtype(f"u{whole.itemsize // max(len(targets), len(sources))}")
    part_type = i.type if part == whole else f"b{8 * part.itemsize}"
    names = [register_name(i, t, program) for t in targets]
    readers = [read(i, s, i.type if len(sources) == 1 else part_type, program) for s in sources]

    def action(block: Block, active: np.ndarray) -> None:
        values = [reader(block) for reader in readers]
        if len(values) > 1:
            values = [np.stack(np.broadcast_arrays(*values), axis=1).view(whole).reshape(-1)]
        if len(names) > 1:
            values = list(np.ascontiguousarray(values[0]).view(part).reshape(-1, len(names)).T)
        for name, moved in zip(names, values, strict=True):
            block.write(name, np.ascontiguousarray(moved), active)

    return action


@meaning("ld")
def ld(i: Instruction, program: Program) -> Action:
    """Load what lies at an address."""
    i.allow(ORDERS_AND_CACHES + SPACES)
    targets = [register_name(i, t, program) for t in elements(i.operands[0])]
    addresses_of, memory = address_of(i, i.operands[1], program), memory_of(i)
    dtype = NUMPY[i.type]

    def action(block: Block, active: np.ndarray) -> None:
        space, addresses = memory(block, addresses_of(block, active))
        space.check_alignment(addresses, dtype.itemsize * len(targets))
        for k, target in enumerate(targets):
            value = np.zeros(block.lanes, dtype)
            value[active] = space.load(addresses + k * dtype.itemsize, dtype)
            block.write(target, value, active)

    return action


@meaning("st")
def st(i: Instruction, program: Program) -> Action:
    """Store at an address."""
    i.allow(ORDERS_AND_CACHES + SPACES)
    addresses_of, memory = address_of(i, i.operands[0], program), memory_of(i)
    sources = [read(i, s, i.type, program) for s in elements(i.operands[1])]
    size = NUMPY[i.type].itemsize

    def action(block: Block, active: np.ndarray) -> None:
        space, addresses = memory(block, addresses_of(block, active))
        space.check_alignment(addresses, size * len(sources))
        for k, source in enumerate(sources):
            space.store(addresses + k * size, np.broadcast_to(source(block), block.lanes)[active])

    return action
