"""How the meanings of instructions are stated, and found by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ptx.block import Action, Block, read, register_name
from ptx.parser import Instruction
from ptx.types import is_float

if TYPE_CHECKING:
    from ptx.program import Program

Meaning = Callable[[Instruction, "Program"], Action]
Meeting = Callable[[Block, np.ndarray], np.ndarray]

MEANINGS: dict[tuple[str, str], Meaning] = {}  # (name, kind of type) -> meaning
MEETINGS: dict[str, Callable[[Instruction, Program], Meeting]] = {}  # those that wait for other threads
JUMPS: set[str] = set()  # those after which a thread may be elsewhere

ANY, INTEGER, FLOAT = "any", "integer", "float"


@dataclass(frozen=True)
class Value:
    """A result of one type, computed from sources of some types, thread by thread."""

    result: str
    sources: tuple[str, ...]
    compute: Callable[..., np.ndarray]


def meaning(*names: str, kind: str = ANY) -> Callable[[Meaning], Meaning]:
    """Register the meaning of instructions of these names, for types of one kind."""

    def register(function: Meaning) -> Meaning:
        MEANINGS.update({(name, kind): function for name in names})
        return function

    return register


def value(*names: str, kind: str = ANY) -> Callable[[Callable[[Instruction], Value]], Meaning]:
    """Register instructions that compute a value and do nothing else."""
    return lambda function: meaning(*names, kind=kind)(lambda i, program: assignment(i, function(i), program))


def meeting(name: str) -> Callable[[Callable[[Instruction, Program], Meeting]], object]:
    """Register for whom an instruction waits: of the threads that are there, those that may go on."""
    return lambda function: MEETINGS.setdefault(name, function)


def jump(name: str) -> Callable[[Meaning], Meaning]:
    """Register an instruction that sets where threads go on."""
    JUMPS.add(name)
    return meaning(name)


def find(instruction: Instruction) -> Meaning:
    """The meaning of an instruction."""
    kind = FLOAT if instruction.modifiers and is_float(instruction.type) else INTEGER
    found = MEANINGS.get((instruction.name, kind)) or MEANINGS.get((instruction.name, ANY))
    if found is None:
        raise instruction.error("the interpreter does not know this instruction")
    return found


def assignment(instruction: Instruction, stated: Value, program: Program) -> Action:
    """operands[0] = the value of the others."""
    target, *sources = instruction.operands
    if len(sources) != len(stated.sources):
        raise instruction.error(f"{len(stated.sources)} sources were expected")
    register = register_name(instruction, target, program)
    readers = [read(instruction, s, t, program) for s, t in zip(sources, stated.sources, strict=True)]
    return lambda block, active: block.write(register, stated.compute(*(r(block) for r in readers)), active)
