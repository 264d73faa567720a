"""Control flow, and fences, which threads that take turns do not need."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ptx.block import Action, Block
from ptx.meaning import jump, meaning
from ptx.parser import Instruction, Name

if TYPE_CHECKING:
    from ptx.program import Program


@jump("bra")
def bra(i: Instruction, program: Program) -> Action:
    """Go on at a label."""
    (label,) = i.operands
    if not isinstance(label, Name) or label.name not in program.kernel.labels:
        raise i.error("there is no such label")
    target = program.kernel.labels[label.name]
    return lambda block, active: go_on_at(block, active, target)


@jump("ret")
def ret(_: Instruction, program: Program) -> Action:
    """The thread ends."""
    return lambda block, active: go_on_at(block, active, program.end)


jump("exit")(ret)


def go_on_at(block: Block, active: np.ndarray, instruction: int) -> None:
    """Set the next instruction of the active threads."""
    block.at[active] = instruction


@meaning("trap")
def trap(i: Instruction, _: Program) -> Action:
    """The kernel says that something is wrong."""

    def action(_: Block, active: np.ndarray) -> None:
        if active.any():
            raise i.error("a thread came here")

    return action


@meaning("membar", "fence")
def fence(_: Instruction, __: Program) -> Action:
    """Orders accesses, which are in order."""
    return lambda _, __: None
