"""Asynchronous copies (cp.async) from global to shared memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ptx.access import address_of
from ptx.block import Action, Block, read
from ptx.meaning import meaning
from ptx.parser import Instruction

if TYPE_CHECKING:
    from ptx.program import Program


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
