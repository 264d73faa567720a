"""Data movement: mov, ld, st, and asynchronous copies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ptx.block import Action, Block, read, register_name
from ptx.meaning import meaning
from ptx.memory import Memory
from ptx.parser import Address, Instruction, Name, Operand, Register, Vector
from ptx.spaces import WINDOWS
from ptx.types import NUMPY, bits_of

if TYPE_CHECKING:
    from ptx.program import Program

ORDERS_AND_CACHES = "weak volatile relaxed acquire release cta gpu sys nc ca cg cs lu cv wb wt v2 v4 "
SPACES = "global shared shared::cta param"


def elements(operand: Operand) -> tuple[Operand, ...]:
    """Of a vector, or the operand itself."""
    return operand.elements if isinstance(operand, Vector) else (operand,)


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


@meaning("cp")
def cp(i: Instruction, program: Program) -> Action:
    """cp.async and what belongs to it."""
    kinds: dict[str, Callable[[Instruction, Program], Action]] = {
        "commit_group": commit_group,
        "wait_group": wait_group,
        "wait_all": wait_all,
    }
    return kinds.get(i.type, copy_async)(i, program)


def copy_async(i: Instruction, program: Program) -> Action:
    """Copies `source_size` of `size` bytes from global to shared memory, and sets the others to zero.

    It happens when it is waited for: what is read too early is still the old.
    """
    if i.modifiers[0] != "async" or i.type != "global":
        raise i.error("the interpreter does not know this copy")
    i.allow("async ca cg shared shared::cta")
    to, from_ = (address_of(i, operand, program) for operand in i.operands[:2])
    size = int(i.operands[2].bits)
    source_size = read(i, i.operands[-1], "u32", program)

    def action(block: Block, active: np.ndarray) -> None:
        targets, sources = to(block, active), from_(block, active)
        taken = np.broadcast_to(source_size(block), block.lanes)[active]
        block.spaces["shared"].check_alignment(targets, size)
        block.spaces["global"].check_alignment(sources[taken > 0], size)
        block.copies.open.append(lambda: copy_bytes(block, targets, sources, size, taken))

    return action


def copy_bytes(block: Block, targets: np.ndarray, sources: np.ndarray, size: int, taken: np.ndarray) -> None:
    """The copy itself."""
    for k in range(size):
        values, real = np.zeros(targets.size, np.uint8), k < taken
        values[real] = block.spaces["global"].load(sources[real] + k, np.dtype(np.uint8))
        block.spaces["shared"].store(targets + k, values)


def require_all(i: Instruction, block: Block, active: np.ndarray) -> None:
    """Groups are each thread's own; the interpreter keeps them for the block, which is the same if all agree."""
    if (active != block.live).any():
        raise i.error("the interpreter wants all threads of the block to come here together")


def commit_group(i: Instruction, _: Program) -> Action:
    """The copies since the last group are a group."""

    def action(block: Block, active: np.ndarray) -> None:
        require_all(i, block, active)
        block.copies.groups.append(block.copies.open)
        block.copies.open = []

    return action


def wait_group(i: Instruction, _: Program) -> Action:
    """Waits for all groups but the last N."""
    kept = int(i.operands[0].bits)

    def action(block: Block, active: np.ndarray) -> None:
        require_all(i, block, active)
        done = max(len(block.copies.groups) - kept, 0)
        finish(block.copies.groups[:done])
        del block.copies.groups[:done]

    return action


def wait_all(i: Instruction, _: Program) -> Action:
    """Waits for every copy."""

    def action(block: Block, active: np.ndarray) -> None:
        require_all(i, block, active)
        finish([*block.copies.groups, block.copies.open])
        block.copies.groups, block.copies.open = [], []

    return action


def finish(groups: Sequence[list[Callable[[], None]]]) -> None:
    """Make the copies of these groups."""
    for group in groups:
        for copy in group:
            copy()
