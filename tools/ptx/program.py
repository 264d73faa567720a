"""A kernel ready to run: what each instruction does, and where threads may meet or part."""

from __future__ import annotations

from ptx import meanings
from ptx.block import Action, read
from ptx.meaning import Meeting
from ptx.parser import Instruction, Kernel

SPECIAL = {"%laneid", *(f"%{what}.{axis}" for what in ("tid", "ntid", "ctaid", "nctaid") for axis in "xyz")}


class Program:
    """`symbols`: the addresses of parameters and shared arrays, each in its space."""

    def __init__(self, kernel: Kernel, symbols: dict[str, int]) -> None:
        self.kernel = kernel
        self.symbols = symbols
        self.end = len(kernel.instructions)
        self.actions = [self._action(instruction) for instruction in kernel.instructions]
        self.meetings = {
            at: self._meeting(instruction)
            for at, instruction in enumerate(kernel.instructions)
            if instruction.name in meanings.MEETINGS
        }
        jumps = (at for at, i in enumerate(kernel.instructions) if i.name in meanings.JUMPS)
        self.joints = {self.end, *kernel.labels.values(), *self.meetings, *(at + 1 for at in jumps)}

    def has_register(self, name: str) -> bool:
        """Whether the kernel declares it, or every thread has it."""
        return name in self.kernel.registers or name in SPECIAL

    def register_type(self, name: str) -> str:
        """As it is declared."""
        return self.kernel.registers.get(name, "u32")

    def _meeting(self, instruction: Instruction) -> Meeting:
        if instruction.guard is not None:
            raise instruction.error("the interpreter does not know a guard where threads meet")
        return meanings.MEETINGS[instruction.name](instruction, self)

    def _action(self, instruction: Instruction) -> Action:
        action = meanings.find(instruction)(instruction, self)
        if instruction.guard is None:
            return action
        guard = read(instruction, instruction.guard, "pred", self)
        return lambda block, active: action(block, active & guard(block))
