"""The threads of a block: a numpy array for each register, with one element a thread.

Threads go on together as long as they are at the same instruction. Where they have parted, those that are furthest
behind in the program go first, so that all meet again where their paths join. Barriers and the instructions of whole
warps wait until all are there whom they name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ptx.errors import PtxError
from ptx.memory import AccessError, Memory
from ptx.parser import Immediate, Instruction, Name, Operand, Register
from ptx.types import NUMPY, bits_of, extended

if TYPE_CHECKING:
    from ptx.program import Program

WARP = 32

Reader = Callable[["Block"], np.ndarray]
Action = Callable[["Block", np.ndarray], None]


@dataclass
class Copies:
    """Asynchronous copies (cp.async): those of no group yet, and the groups that nobody has waited for."""

    open: list[Callable[[], None]] = field(default_factory=list)
    groups: list[list[Callable[[], None]]] = field(default_factory=list)


class Block:
    """One block, from its start to its end."""

    def __init__(
        self, program: Program, spaces: dict[str, Memory], special: dict[str, np.ndarray], threads: int
    ) -> None:
        self.program = program
        self.spaces = spaces
        self.lanes = -(-threads // WARP) * WARP
        self.registers = {
            name: np.zeros(self.lanes, bits_of(type_name)) for name, type_name in program.kernel.registers.items()
        }
        self.registers.update(special)
        self.at = np.zeros(self.lanes, np.int64)  # each thread's next instruction
        self.at[threads:] = program.end  # the last warp may not be full
        self.copies = Copies()

    def run(self) -> None:
        """Run all threads to their ends."""
        with np.errstate(all="ignore"):
            while (self.at < self.program.end).any():
                self._advance(*self._next())

    @property
    def live(self) -> np.ndarray:
        """Threads that have not ended."""
        return self.at < self.program.end

    def write(self, register: str, value: np.ndarray, active: np.ndarray) -> None:
        """Set a register of the active threads."""
        bits = self.registers[register]
        np.copyto(bits, extended(value, bits.itemsize), where=active)

    def _next(self) -> tuple[int, np.ndarray]:
        waiting = np.unique(self.at[self.live])
        for instruction in waiting:
            here = self.at == instruction
            meeting = self.program.meetings.get(int(instruction))
            ready = meeting(self, here) if meeting else here
            if ready.any():
                return int(instruction), ready
        lines = ", ".join(str(self.program.kernel.instructions[i].line) for i in waiting)
        raise PtxError(f"threads wait at line {lines} for others that do not come")

    def _advance(self, instruction: int, active: np.ndarray) -> None:
        """Run the active threads up to the next instruction at which others might join or leave them."""
        while True:
            self.at[active] = instruction + 1
            try:
                self.program.actions[instruction](self, active)
            except AccessError as error:
                raise self.program.kernel.instructions[instruction].error(str(error)) from error
            instruction += 1
            if instruction in self.program.joints:
                return


def read(instruction: Instruction, operand: Operand, type_name: str, program: Program) -> Reader:
    """How to read an operand as a type: one value for each thread, or one for all."""
    dtype = NUMPY[type_name]
    if isinstance(operand, Immediate):
        bits = operand.bits & ((1 << 8 * dtype.itemsize) - 1)
        constant = np.array([bits], bits_of(type_name)).view(dtype)
        return lambda _: constant
    if isinstance(operand, Name) and operand.name in program.symbols:
        address = np.array([program.symbols[operand.name]], dtype)
        return lambda _: address
    name = register_name(instruction, operand, program)
    size = bits_of(program.register_type(name)).itemsize
    if size < dtype.itemsize:
        raise instruction.error(f"{name} is too narrow for .{type_name}")
    if type_name == "pred":
        negated = isinstance(operand, Register) and operand.negated
        return lambda block: block.registers[name] ^ negated
    if size == dtype.itemsize:
        return lambda block: block.registers[name].view(dtype)
    return lambda block: block.registers[name].astype(bits_of(type_name)).view(dtype)


def register_name(instruction: Instruction, operand: Operand, program: Program) -> str:
    """The name of an operand that has to be a register."""
    if isinstance(operand, Register | Name) and program.has_register(operand.name):
        return operand.name
    raise instruction.error(f"the interpreter does not know '{getattr(operand, 'name', operand)}'")
