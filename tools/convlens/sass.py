"""What cuobjdump prints of a CUDA object: the resources of its kernels, and their instructions (SASS)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

# What a mix counts under its own name. HMMA is a warp's product of matrices; LDGSTS is cp.async, LDSM ldmatrix.
NAMED = {"FFMA", "FADD", "FMUL", "HMMA", "LDG", "STG", "LDS", "STS", "LDGSTS", "LDSM", "LDL", "STL", "BAR", "SHFL"}
REQUESTS = {"LDG", "STG", "LDS", "STS", "LDSM"}
ATOMICS = {"ATOM", "ATOMG", "ATOMS", "RED", "REDG"}
BRANCHES = {"BRA", "BRX", "BSSY", "BSYNC", "BREAK", "CALL", "RET", "EXIT", "WARPSYNC"}
INTEGER = re.compile(
    r"U?(IMAD|IADD3?|ISETP|IABS|IMNMX|LEA|LOP3|PLOP3|SHF|SEL|PRMT)|VIADD|VIMNMX|VIADDMNMX|IDP|BMSK|FLO|POPC"
)

_RESOURCES = re.compile(r"Function (\S+):\s+REG:(\d+) STACK:(\d+) SHARED:(\d+) LOCAL:(\d+)")
_INSTRUCTION = re.compile(r"^\s+/\*([0-9a-f]{4,})\*/\s+(?:@(!?U?P\w+) )?([A-Z][\w.]*)([^;]*);", re.MULTILINE)
_TARGET = re.compile(r"0x([0-9a-f]+)\s*$")


@dataclass(frozen=True)
class Instruction:
    """One instruction: its address, the predicate that it depends on, opcode with modifiers, and operands."""

    address: int
    predicate: str
    opcode: str
    operands: str

    @property
    def name(self) -> str:
        """The opcode without its modifiers."""
        return self.opcode.partition(".")[0]

    @property
    def target(self) -> int | None:
        """Where it jumps to, if it is a jump within the kernel."""
        found = _TARGET.search(self.operands) if self.name == "BRA" else None
        return int(found[1], 16) if found else None

    @property
    def kind(self) -> str:
        """What a mix counts it as. One that is never done only keeps others apart."""
        if self.predicate == "!PT":
            return "other"
        if self.name in NAMED:
            return self.name
        if self.name in BRANCHES:
            return "branch"
        return "integer" if INTEGER.fullmatch(self.name) else "other"

    @property
    def products(self) -> int:
        """Multiplications that one of a warp's 32 lanes has a part in: HMMA.1688 makes 16 * 8 * 8 in all."""
        if self.name in ("FFMA", "FMUL"):
            return 1
        shape = re.match(r"HMMA\.168(8|16)", self.opcode)
        return 16 * 8 * int(shape[1]) // 32 if shape else 0

    @property
    def requests(self) -> int:
        """Requests of memory, as the emulator counts them: cp.async makes one to either memory.

        Where it may fill with zeros, nvcc writes it twice, and the one that does ends in a predicate that never holds.
        """
        if self.kind == "LDGSTS":
            return 0 if self.operands.rstrip().endswith("!PT") else 2
        return 1 if self.kind in REQUESTS or self.name in ATOMICS else 0


def resources(text: str, reserved_shared_bytes: int) -> dict[str, dict[str, int]]:
    """Of each kernel, by its mangled name, in the output of cuobjdump --dump-resource-usage for one architecture.

    Shared memory is the static that the source declares, without what the system reserves of every block.
    """
    found = {}
    for name, registers, stack, shared, local in _RESOURCES.findall(text):
        own = max(0, int(shared) - reserved_shared_bytes)
        found[name] = {
            "registers": int(registers),
            "stack_bytes": int(stack),
            "local_bytes": int(local),
            "shared_bytes": own,
        }
    return found


def by_architecture(text: str) -> dict[str, str]:
    """The parts of such an output that are of machine code, by architecture."""
    parts = re.split(r"^Fatbin elf code:\n=+\narch = (\w+)$", text, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def instructions(text: str) -> Iterator[tuple[str, list[Instruction]]]:
    """Of each kernel, by its mangled name, in the output of cuobjdump -sass for one architecture."""
    parts = re.split(r"^\s+Function : (\S+)$", text, flags=re.MULTILINE)[1:]
    for name, code in zip(parts[::2], parts[1::2], strict=True):
        found = (Instruction(int(address, 16), *rest) for address, *rest in _INSTRUCTION.findall(code))
        yield name, [i for i in found if i.name != "NOP"]


def main_loop(code: list[Instruction]) -> list[Instruction]:
    """The loop with the most products, of those around no other that has any; the whole kernel if there is none."""
    jumps_back = [i for i in code if i.target is not None and i.target < i.address]
    bounds = [(end.target, end.address) for end in jumps_back if _products(_between(code, end.target, end.address))]
    innermost = [b for b in bounds if not any(b != c and b[0] <= c[0] and c[1] <= b[1] for c in bounds)]
    loops = [_between(code, first, last) for first, last in innermost]
    return max(loops, key=_products, default=code)


def _between(code: list[Instruction], first: int, last: int) -> list[Instruction]:
    return [i for i in code if first <= i.address <= last]


def _products(code: list[Instruction]) -> int:
    return sum(i.products for i in code)


def mix(code: list[Instruction]) -> dict[str, int]:
    """How many instructions there are of each kind, and how many products, a lane, and requests they make."""
    counts = dict(sorted(Counter(i.kind for i in code).items()))
    return counts | {"total": len(code), "products": _products(code), "requests": sum(i.requests for i in code)}


def input_types(code: list[Instruction]) -> list[str]:
    """The types of numbers that its matrix products take, such as TF32; without a name it is F16."""
    found = (re.match(r"HMMA\.\d+\.F(?:32|16)\.?(\w+)?", i.opcode) for i in code)
    return sorted({match[1] or "F16" for match in found if match})
