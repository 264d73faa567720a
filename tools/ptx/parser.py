"""From the text of a PTX module to the instructions of one kernel."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ptx.errors import PtxError
from ptx.types import NUMPY


@dataclass(frozen=True)
class Register:
    """%r1, or a special register such as %tid.x; `negated` is for predicates."""

    name: str
    negated: bool = False


@dataclass(frozen=True)
class Immediate:
    """A constant as the bits that it has in any type."""

    bits: int


@dataclass(frozen=True)
class Address:
    """[base + offset]: the base is a register's or a variable's name."""

    base: str
    offset: int


@dataclass(frozen=True)
class Vector:
    """{a, b, ..}."""

    elements: tuple[Operand, ...]


@dataclass(frozen=True)
class Name:
    """A label or a variable."""

    name: str


Operand = Register | Immediate | Address | Vector | Name


@dataclass(frozen=True)
class Instruction:
    """@guard name.modifiers operands;."""

    line: int
    text: str
    guard: Register | None
    name: str
    modifiers: tuple[str, ...]
    operands: tuple[Operand, ...]

    @property
    def type(self) -> str:
        """The last modifier, which says as what the operands are read."""
        return self.modifiers[-1]

    def error(self, what: str) -> PtxError:
        """An error of this instruction."""
        return PtxError(f"line {self.line}, '{self.text}': {what}")

    def allow(self, known: str) -> None:
        """Refuse a modifier, other than the type, that is not among those known."""
        for modifier in self.modifiers[:-1]:
            if modifier not in known.split():
                raise self.error(f"the interpreter does not know .{modifier} here")


@dataclass(frozen=True)
class Variable:
    """A parameter or an array in shared memory."""

    name: str
    alignment: int
    size: int


@dataclass
class Kernel:
    """One .entry, with the shared arrays of its module."""

    parameters: list[Variable]
    instructions: list[Instruction] = field(default_factory=list)
    labels: dict[str, int] = field(default_factory=dict)
    registers: dict[str, str] = field(default_factory=dict)
    shared: list[Variable] = field(default_factory=list)
    dynamic_shared: list[Variable] = field(default_factory=list)


NAME = r"[\w$%.]+"
POINTER = r"(?:\.ptr\s+(?:\.\w+\s+)?\.align\s+\d+\s+)?"
VARIABLE = re.compile(rf"(?:\.align\s+(\d+)\s+)?\.(\w+)\s+{POINTER}({NAME})\s*(\[\d*\])?")


def parse_kernel(text: str, entry: str) -> Kernel:
    """The kernel of that (mangled) name."""
    text = without_comments(text)
    head = re.search(rf"\.entry\s+{re.escape(entry)}\s*\(([^)]*)\)[^{{]*\{{", text)
    if head is None:
        raise PtxError(f"the PTX has no entry '{entry}'")
    kernel = Kernel([variable(p) for p in re.findall(r"\.param\s+([^,]+)", head[1])])
    for array in re.findall(r"^(?:\.\w+\s+)?\.shared\s[^;]*(?=;)", text, re.MULTILINE):  # of the module: not indented
        declare(kernel, array, 0)
    for number, statement in statements(text, head.end()):
        add(kernel, statement, number)
    return kernel


def without_comments(text: str) -> str:
    """The text with its lines where they were."""
    text = re.sub(r"/\*.*?\*/", lambda c: "\n" * c[0].count("\n"), text, flags=re.DOTALL)
    return re.sub(r"//[^\n]*", "", text)


def statements(text: str, begin: int) -> Iterator[tuple[int, str]]:
    """The statements from the body's beginning to the brace that ends it, with the numbers of their lines.

    Braces of scopes inside are left out: what nvcc and inline assembly declare there has one type everywhere.
    """
    line, depth, start = text.count("\n", 0, begin) + 1, 1, begin
    in_statement = False
    for at in range(begin, len(text)):
        character = text[at]
        if character == "\n":
            line += 1
        elif character in "{}" and not in_statement:
            depth += 1 if character == "{" else -1
            start = at + 1
            if depth == 0:
                return
        elif character == ";" or (character == ":" and re.fullmatch(r"\s*[\w$]+", text[start:at])):
            yield line, text[start : at + 1].strip()
            start, in_statement = at + 1, False
        elif not character.isspace():
            in_statement = True
    raise PtxError("the kernel's body does not end")


def add(kernel: Kernel, statement: str, line: int) -> None:
    """Add one statement."""
    if statement.endswith(":"):
        kernel.labels[statement[:-1]] = len(kernel.instructions)
    elif statement.startswith("."):
        declare(kernel, statement[:-1].strip(), line)
    else:
        kernel.instructions.append(instruction(statement[:-1].strip(), line))


def declare(kernel: Kernel, statement: str, line: int) -> None:
    """Take in a directive of variables; those for debuggers and hints mean nothing here."""
    if found := re.fullmatch(r"\.reg\s+\.(\w+)\s+(.*)", statement, re.DOTALL):
        for name in found[2].split(","):
            kernel.registers.update(dict.fromkeys(register_names(name.strip()), found[1]))
    elif found := re.fullmatch(r"(\.extern\s+|\.visible\s+)?\.shared\s+(.*)", statement):
        array = variable(found[2])
        (kernel.dynamic_shared if array.size == 0 else kernel.shared).append(array)
    elif not re.match(r"\.(pragma|loc|file)\b", statement):
        raise PtxError(f"line {line}: the interpreter does not know '{statement}'")


def register_names(text: str) -> list[str]:
    """All that are meant: %r0, %r1 and %r2 by "%r<3>"."""
    many = re.fullmatch(rf"({NAME})<(\d+)>", text)
    return [f"{many[1]}{i}" for i in range(int(many[2]))] if many else [text]


def variable(text: str) -> Variable:
    """From ".align 4 .b8 name[8]"; without a size in its brackets it has 0 bytes."""
    found = VARIABLE.match(text.strip())
    if found is None:
        raise PtxError(f"the interpreter does not know the variable '{text.strip()}'")
    size = NUMPY[found[2]].itemsize
    count = int(found[4][1:-1] or 0) if found[4] else 1
    return Variable(found[3], int(found[1] or size), size * count)


def instruction(text: str, line: int) -> Instruction:
    """From "@%p1 add.s32 %r1, %r2, 3"."""
    found = re.fullmatch(rf"(?:@(!?)({NAME})\s+)?([a-z]\w*)((?:\.[\w:]+)*)\s*(.*)", text, re.DOTALL)
    if found is None:
        raise PtxError(f"line {line}: '{text}' is no instruction")
    guard = Register(found[2], found[1] == "!") if found[2] else None
    modifiers = tuple(re.split(r"\.(?!:)", found[4])[1:])
    operands = tuple(operand(part) for part in split(found[5]))
    return Instruction(line, " ".join(text.split()), guard, found[3], modifiers, operands)


def split(text: str) -> list[str]:
    """The parts between commas, or between a pair of results "d|p", that no brackets enclose."""
    return [part.strip() for part in re.findall(r"(?:\{[^}]*\}|\[[^\]]*\]|[^,|{\[])+", text) if part.strip()]


def operand(text: str) -> Operand:
    """One operand."""
    if text.startswith("{"):
        return Vector(tuple(operand(part.strip()) for part in text[1:-1].split(",")))
    if text.startswith("["):
        found = re.fullmatch(rf"\[\s*({NAME})\s*(?:\+\s*(-?\w+))?\s*\]", text)
        if found is None:
            raise PtxError(f"'{text}' is no address")
        return Address(found[1], int(found[2] or "0", 0))
    if re.match(r"0[fFdD][0-9a-fA-F]+$", text):
        return Immediate(int(text[2:], 16))
    if re.match(r"-?\d", text):
        return Immediate(int(text.rstrip("U"), 0))
    if text.startswith(("%", "!")):
        return Register(text.lstrip("!"), text.startswith("!"))
    return Name(text)
