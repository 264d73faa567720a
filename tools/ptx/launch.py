"""A launch as `kernel_bench --export` writes it (benchmarks/README.md): its reading, its run, its comparison."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ptx.block import WARP, Block
from ptx.errors import PtxError
from ptx.memory import Memory
from ptx.parser import Kernel, parse_kernel
from ptx.program import Program


@dataclass(frozen=True)
class Pointer:
    """The word at byte `at` of an argument is the address of byte `offset` of a buffer."""

    at: int
    buffer: str
    offset: int


@dataclass(frozen=True)
class Argument:
    """The bytes that a kernel gets, but for the pointers among them."""

    content: bytes
    pointers: tuple[Pointer, ...]

    def bytes_with(self, addresses: dict[str, int]) -> np.ndarray:
        """The bytes, with the buffers at these addresses."""
        result = np.frombuffer(self.content, np.uint8).copy()
        for pointer in self.pointers:
            word = np.array([addresses[pointer.buffer] + pointer.offset], np.uint64)
            result[pointer.at : pointer.at + 8] = word.view(np.uint8)
        return result


Buffers = dict[str, np.ndarray]
Size = tuple[int, int, int]


@dataclass(frozen=True)
class Launch:
    """All that is needed to repeat it, and what it should leave."""

    ptx: str
    entry: str
    grid: Size
    block: Size
    dynamic_shared_bytes: int
    arguments: tuple[Argument, ...]
    before: Buffers
    after: Buffers


def read_launch(folder: Path) -> Launch:
    """From its folder."""
    try:
        stated = json.loads((folder / "launch.json").read_text())
        return Launch(
            ptx=(folder / "kernel.ptx").read_text(),
            entry=stated["entry"],
            grid=tuple(stated["grid"]),
            block=tuple(stated["block"]),
            dynamic_shared_bytes=stated["dynamic_shared_bytes"],
            arguments=tuple(argument(a) for a in stated["arguments"]),
            before={name: np.load(folder / "before" / f"{name}.npy") for name in stated["buffers"]},
            after={name: np.load(folder / "after" / f"{name}.npy") for name in stated["buffers"]},
        )
    except (KeyError, TypeError, ValueError) as error:
        raise PtxError(f"'{folder}' is no launch that kernel_bench --export wrote: {error}") from error


def argument(stated: dict) -> Argument:
    """From its JSON."""
    return Argument(bytes.fromhex(stated["bytes"]), tuple(Pointer(**pointer) for pointer in stated["pointers"]))


def interpret(launch: Launch) -> Buffers:
    """Run the PTX; returns what the buffers then hold, those exported as bytes as the floats that were stored there."""
    kernel = parse_kernel(launch.ptx, launch.entry)
    memory = Memory()
    addresses = {name: memory.allocate(values.view(np.uint8)) for name, values in launch.before.items()}
    parameters, symbols = parameter_space(kernel, [a.bytes_with(addresses) for a in launch.arguments])
    shared, shared_symbols = shared_space(kernel, launch.dynamic_shared_bytes)
    program = Program(kernel, symbols | shared_symbols)
    for z, y, x in itertools.product(*map(range, reversed(launch.grid))):
        spaces = {"global": memory, "param": parameters, "shared": shared.copy()}
        Block(program, spaces, special_registers(launch, (x, y, z)), int(np.prod(launch.block))).run()
    return {name: memory.read(addresses[name], values) for name, values in launch.before.items()}


def parameter_space(kernel: Kernel, arguments: list[np.ndarray]) -> tuple[Memory, dict[str, int]]:
    """The arguments in memory, and their addresses by the names of the parameters."""
    sizes = [parameter.size for parameter in kernel.parameters], [a.size for a in arguments]
    if sizes[0] != sizes[1]:
        raise PtxError(f"the kernel has parameters of {sizes[0]} bytes, the launch arguments of {sizes[1]}")
    memory = Memory()
    return memory, {p.name: memory.allocate(a) for p, a in zip(kernel.parameters, arguments, strict=True)}


def shared_space(kernel: Kernel, dynamic_bytes: int) -> tuple[Memory, dict[str, int]]:
    """Shared memory as a block finds it, full of NaN, so that nobody relies on it; and the addresses of its arrays."""
    memory = Memory()
    symbols = {array.name: memory.allocate(np.full(array.size, 0xFF, np.uint8)) for array in kernel.shared}
    dynamic = memory.allocate(np.full(dynamic_bytes, 0xFF, np.uint8))
    return memory, symbols | {array.name: dynamic for array in kernel.dynamic_shared}


def special_registers(launch: Launch, block: Size) -> Buffers:
    """Who a thread is: x runs fastest."""
    lanes = -(-int(np.prod(launch.block)) // WARP) * WARP
    number = np.arange(lanes, dtype=np.uint32)
    width, height, _ = launch.block
    registers = {"%laneid": number % WARP}
    index = (number % width, number // width % height, number // (width * height))
    for axis, own, place, blocks, threads in zip("xyz", index, block, launch.grid, launch.block, strict=True):
        registers[f"%tid.{axis}"] = own.astype(np.uint32)
        for name, same in (("ctaid", place), ("nctaid", blocks), ("ntid", threads)):
            registers[f"%{name}.{axis}"] = np.full(lanes, same, np.uint32)
    return registers


def difference(found: np.ndarray, expected: np.ndarray) -> float:
    """Max |found - expected| / max |expected| of floats, where equal bits and NaN for NaN count as equal.

    Other types are equal (0) or not (infinity).
    """
    expected = expected.view(found.dtype)
    if expected.dtype.kind != "f":
        return 0.0 if np.array_equal(found, expected) else np.inf
    same = (found == expected) | (np.isnan(found) & np.isnan(expected))
    apart = np.abs(found[~same].astype(np.float64) - expected[~same])
    if apart.size == 0:
        return 0.0
    finite = np.abs(expected[np.isfinite(expected)], dtype=np.float64)
    worst = apart.max() / max(finite.max(initial=0.0), np.finfo(np.float64).tiny)
    return float(worst) if np.isfinite(worst) else np.inf
