"""The PTX interpreter: each instruction by its definition in the PTX ISA, and threads that part and meet."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ptx.errors import PtxError
from ptx.launch import Argument, Launch, Pointer, difference, interpret
from ptx.types import NUMPY

NAN, INF = math.nan, math.inf
HEAD = ".version 9.0\n.target sm_80\n.address_size 64\n"


def launch_of(ptx: str, buffers: dict[str, np.ndarray], threads: int, blocks: int = 1) -> Launch:
    """A launch of `kernel`, whose parameters are the buffers."""
    arguments = tuple(Argument(bytes(8), (Pointer(0, name, 0),)) for name in buffers)
    return Launch(ptx, "kernel", (blocks, 1, 1), (threads, 1, 1), 0, arguments, buffers, buffers)


def kernel(body: str, buffers: int = 1) -> str:
    """A kernel with plenty of registers; %rd1 is the address of the first buffer, %rd2 of the second."""
    parameters = ", ".join(f".param .u64 p{i}" for i in range(1, buffers + 1))
    loads = "".join(f"ld.param.u64 %rd{i}, [p{i}];" for i in range(1, buffers + 1))
    registers = ".reg .pred %p<9>; .reg .b16 %rs<9>; .reg .b32 %r<20>; .reg .b64 %rd<20>; .reg .f32 %f<20>;"
    return f"{HEAD}.entry kernel({parameters}) {{ {registers} {loads}\n{body}\nret; }}"


def threads_run(body: str, threads: int = 32, words: int = 32) -> np.ndarray:
    """What a block leaves in a buffer of words, of which thread i has the address of the i-th in %rd3."""
    mine = "mov.u32 %r1, %tid.x; mul.wide.u32 %rd2, %r1, 4; add.s64 %rd3, %rd1, %rd2;\n"
    return interpret(launch_of(kernel(mine + body), {"out": np.zeros(words, np.uint32)}, threads))["out"]


Sources = list[tuple[str, list]]


def evaluate(instruction: str, result: str, sources: Sources) -> np.ndarray:
    """%d of an instruction with sources %a, %b, .., of these types: one thread for each of their values."""
    count = len(sources[0][1])
    body = ".reg .u32 %t; .reg .u64 %at; .reg .pred %p; mov.u32 %t, %tid.x;\n"
    buffers = {}
    for number, (name, (kind, values)) in enumerate(zip("abc", sources, strict=False), 1):
        buffers[name] = np.array(values, NUMPY[kind])
        body += f".reg .{kind} %{name}; mad.wide.u32 %at, %t, {NUMPY[kind].itemsize}, %rd{number};\n"
        body += f"ld.global.{kind} %{name}, [%at];\n"
    buffers["result"] = np.zeros(count, NUMPY[result])
    size, last = NUMPY[result].itemsize, len(buffers)
    body += f".reg .{result} %d; {instruction}\nmad.wide.u32 %at, %t, {size}, %rd{last}; st.global.{result} [%at], %d;"
    return interpret(launch_of(kernel(body, last), buffers, count))["result"]


TINY = 2.0**-23

# (instruction, type of the result, types and values of the sources, results)
DEFINITIONS = [
    ("add.s32 %d, %a, 2147483647;", "s32", [("s32", [1, -5])], [-(2**31), 2147483642]),
    ("mul.hi.s32 %d, %a, %b;", "s32", [("s32", [1 << 30, -3]), ("s32", [8, 5])], [2, -1]),
    ("mul.hi.u64 %d, %a, %b;", "u64", [("u64", [1 << 63]), ("u64", [6])], [3]),
    ("mul.wide.s32 %d, %a, %b;", "s64", [("s32", [-(2**31)]), ("s32", [2**31 - 1])], [-(2**31) * (2**31 - 1)]),
    ("mad.wide.u32 %d, %a, %a, 1;", "u64", [("u32", [0xFFFFFFFF])], [0xFFFFFFFF**2 + 1]),
    ("mad.lo.s32 %d, %a, 3, -1;", "s32", [("s32", [-7])], [-22]),
    ("div.s32 %d, %a, %b;", "s32", [("s32", [-7, 7, -(2**31)]), ("s32", [2, -2, 1])], [-3, -3, -(2**31)]),
    ("rem.s64 %d, %a, %b;", "s64", [("s64", [-7, 7]), ("s64", [3, -3])], [-1, 1]),
    ("div.u32 %d, %a, 10;", "u32", [("u32", [0xFFFFFFFF])], [429496729]),
    ("shl.b32 %d, %a, %b;", "u32", [("u32", [3, 3, 3]), ("u32", [4, 32, 31])], [48, 0, 1 << 31]),
    ("shr.s32 %d, %a, %b;", "s32", [("s32", [-8, -8, 8]), ("u32", [1, 99, 99])], [-4, -1, 0]),
    ("shr.u32 %d, %a, %b;", "u32", [("u32", [1 << 31, 1 << 31]), ("u32", [31, 32])], [1, 0]),
    ("shf.l.wrap.b32 %d, %a, %b, %c;", "u32", [("u32", [0xF0000000]), ("u32", [1]), ("u32", [36])], [0x1F]),
    ("shf.r.clamp.b32 %d, %a, %b, %c;", "u32", [("u32", [1]), ("u32", [7]), ("u32", [40])], [7]),
    ("bfe.u32 %d, %a, 4, %b;", "u32", [("u32", [0xABC, 0xABC]), ("u32", [4, 0])], [0xB, 0]),
    ("bfe.s32 %d, %a, 4, %b;", "s32", [("s32", [0xABC, 0xABC, -1]), ("u32", [4, 0, 32])], [-5, 0, -1]),
    ("bfi.b32 %d, %a, %b, 4, 8;", "u32", [("u32", [0xFEE]), ("u32", [0x12345])], [0x12EE5]),
    ("prmt.b32 %d, %a, %b, 0x9174;", "u32", [("u32", [0x33228100]), ("u32", [0x77665544])], [0xFF817744]),
    ("lop3.b32 %d, %a, %b, %c, 0xE8;", "u32", [("u32", [0b1100]), ("u32", [0b1010]), ("u32", [0b0110])], [0b1110]),
    ("popc.b64 %d, %a;", "u32", [("u64", [0xF0F, 0])], [8, 0]),
    ("clz.b32 %d, %a;", "u32", [("u32", [1, 0, 1 << 31])], [31, 32, 0]),
    ("brev.b32 %d, %a;", "u32", [("u32", [0b1011])], [0b1101 << 28]),
    ("not.b32 %d, %a;", "u32", [("u32", [5])], [0xFFFFFFFA]),
    ("min.s32 %d, %a, 0;", "s32", [("s32", [-1, 1])], [-1, 0]),
    # Only a sum that is rounded once gives this: in double it would be a tie.
    (
        "fma.rn.f32 %d, %a, %b, %c;",
        "f32",
        [("f32", [2**-12 * (1 + TINY)]), ("f32", [2**-12 * (1 - TINY)]), ("f32", [1 + TINY])],
        [1 + TINY],
    ),
    ("fma.rm.f32 %d, %a, 0f3F800000, %b;", "f32", [("f32", [1, -1]), ("f32", [1e-10, -1e-10])], [1, -1 - TINY]),
    ("add.rz.f32 %d, %a, %b;", "f32", [("f32", [1, -1]), ("f32", [0.9 * TINY, -0.9 * TINY])], [1, -1]),
    ("add.rp.f32 %d, %a, %b;", "f32", [("f32", [1, 3e38]), ("f32", [1e-20, 3e38])], [1 + TINY, INF]),
    ("mul.f32 %d, %a, %b;", "f32", [("f32", [3, INF]), ("f32", [0.5, 0])], [1.5, NAN]),
    ("mul.ftz.f32 %d, %a, 0f3F800000;", "f32", [("f32", [1e-39, -1e-39])], [0, -0.0]),
    ("div.rn.f32 %d, %a, %b;", "f32", [("f32", [1, 1]), ("f32", [3, 0])], [np.float32(1) / np.float32(3), INF]),
    ("sqrt.rn.f32 %d, %a;", "f32", [("f32", [9, -1])], [3, NAN]),
    ("ex2.approx.ftz.f32 %d, %a;", "f32", [("f32", [3, -INF])], [8, 0]),
    ("lg2.approx.f32 %d, %a;", "f32", [("f32", [8, 0])], [3, -INF]),
    ("max.f32 %d, %a, %b;", "f32", [("f32", [NAN, 1, -0.0]), ("f32", [2, NAN, 0.0])], [2, 1, 0.0]),
    ("max.NaN.f32 %d, %a, 0f00000000;", "f32", [("f32", [NAN, 1])], [NAN, 1]),
    ("copysign.f32 %d, %a, %b;", "f32", [("f32", [-1, 1]), ("f32", [5, -6])], [-5, 6]),
    ("add.f64 %d, %a, %b;", "f64", [("f64", [1.0]), ("f64", [2.0**-40])], [1 + 2.0**-40]),
    ("cvt.rzi.s32.f32 %d, %a;", "s32", [("f32", [-1.7, 1e10, -1e10, NAN])], [-1, 2**31 - 1, -(2**31), 0]),
    ("cvt.rzi.u64.f32 %d, %a;", "u64", [("f32", [-1, 2.0**64])], [0, 2**64 - 1]),
    ("cvt.rni.f32.f32 %d, %a;", "f32", [("f32", [2.5, 3.5, -0.2])], [2, 4, -0.0]),
    ("cvt.rmi.f32.f32 %d, %a;", "f32", [("f32", [-0.2, 1.9])], [-1, 1]),
    ("cvt.sat.f32.f32 %d, %a;", "f32", [("f32", [-2, 0.5, 3, NAN])], [0, 0.5, 1, 0]),
    ("cvt.rn.f32.s32 %d, %a;", "f32", [("s32", [16777217, 16777219])], [16777216, 16777220]),
    ("cvt.rn.f32.f64 %d, %a;", "f32", [("f64", [1 + 2.0**-24])], [1]),
    ("cvt.rp.f32.f64 %d, %a;", "f32", [("f64", [1 + 2.0**-24])], [1 + TINY]),
    ("cvt.s64.s32 %d, %a;", "s64", [("s32", [-1])], [-1]),
    ("cvt.u32.u16 %d, %a;", "u32", [("u16", [0xFFFF])], [0xFFFF]),
    ("cvt.s32.s8 %d, %a;", "s32", [("u32", [0x1FF])], [-1]),
    ("cvt.rna.tf32.f32 %d, %a;", "u32", [("f32", [1 + 2.0**-11, 1 + 2.0**-12])], [0x3F802000, 0x3F800000]),
    ("cvt.rn.f16.f32 %d, %a;", "f16", [("f32", [1.0005, 1e6])], [np.float16(1.0005), INF]),
    ("setp.lt.f32 %p, %a, %b; selp.b32 %d, 1, 0, %p;", "u32", [("f32", [1, NAN]), ("f32", [2, 2])], [1, 0]),
    ("setp.gtu.f32 %p, %a, %b; selp.b32 %d, 1, 0, %p;", "u32", [("f32", [1, NAN]), ("f32", [2, 2])], [0, 1]),
    ("setp.ne.f32 %p, %a, %a; selp.b32 %d, 1, 0, %p;", "u32", [("f32", [1, NAN])], [0, 0]),
    ("setp.num.f32 %p, %a, %a; selp.b32 %d, 1, 0, %p;", "u32", [("f32", [1, NAN])], [1, 0]),
    ("setp.hi.u32 %p, %a, 5; @!%p mov.u32 %d, 7;", "u32", [("u32", [6, 5])], [0, 7]),
    (
        "{.reg .b32 lo, hi; mov.b64 {lo, hi}, %a; mov.b64 %d, {hi, lo};}",
        "u64",
        [("u64", [0x0123456789ABCDEF])],
        [0x89ABCDEF01234567],
    ),
]


@pytest.mark.parametrize(
    ("instruction", "result", "sources", "expected"), DEFINITIONS, ids=lambda v: v if isinstance(v, str) else ""
)
def test_instructions_do_what_the_isa_says(instruction: str, result: str, sources: Sources, expected: list) -> None:
    expected_values = np.array(expected, NUMPY[result])
    found = evaluate(instruction, result, sources)
    np.testing.assert_array_equal(found, expected_values)
    zero = expected_values == 0
    np.testing.assert_array_equal(np.signbit(found[zero]), np.signbit(expected_values[zero]))


def test_threads_part_in_loops_and_branches_and_meet_again() -> None:
    # Thread i adds i .. 1, odd ones then 100; a shuffle, which needs all of them, reads the neighbour's.
    found = threads_run("""
        mov.u32 %r2, %r1; mov.u32 %r3, 0;
        $loop: setp.eq.u32 %p1, %r2, 0; @%p1 bra $done;
        add.u32 %r3, %r3, %r2; sub.u32 %r2, %r2, 1; bra.uni $loop;
        $done: and.b32 %r4, %r1, 1; setp.eq.u32 %p2, %r4, 0; @%p2 bra $even;
        add.u32 %r3, %r3, 100;
        $even: shfl.sync.bfly.b32 %r5|%p3, %r3, 1, 31, -1;
        st.global.u32 [%rd3], %r5;""")
    own = np.array([i * (i + 1) // 2 + 100 * (i % 2) for i in range(32)])
    np.testing.assert_array_equal(found, own[np.arange(32) ^ 1])


def test_threads_that_have_ended_do_not_hold_up_a_barrier() -> None:
    found = threads_run("setp.gt.u32 %p1, %r1, 40; @%p1 ret; bar.sync 0; st.global.u32 [%rd3], 1;", 50, 50)
    np.testing.assert_array_equal(found, np.arange(50) <= 40)


@pytest.mark.parametrize("alone", ["bar.sync 0;", "shfl.sync.idx.b32 %r5, %r1, 0, 31, -1;"])
def test_a_meeting_that_some_do_not_come_to_is_an_error(alone: str) -> None:
    with pytest.raises(PtxError, match="do not come"):
        threads_run(f"setp.gt.u32 %p1, %r1, 4; @%p1 bra $skip; {alone} $skip: bar.sync 0;")


def test_shuffles_stay_in_their_segments() -> None:
    # 8 lanes a segment: c = (32 - 8) << 8 | 7.
    found = threads_run(
        "shfl.sync.down.b32 %r5|%p1, %r1, 1, 0x1807, -1; @%p1 add.u32 %r5, %r5, 100; st.global.u32 [%rd3], %r5;"
    )
    lanes = np.arange(32)
    np.testing.assert_array_equal(found, np.where(lanes % 8 == 7, lanes, lanes + 101))
    found = threads_run("shfl.sync.up.b32 %r5, %r1, 2, 0, -1; st.global.u32 [%rd3], %r5;")
    np.testing.assert_array_equal(found, np.where(lanes < 2, lanes, lanes - 2))


def test_votes_and_reductions_combine_the_lanes_of_a_warp() -> None:
    ballot = "setp.lt.u32 %p1, %r1, 33; vote.sync.ballot.b32 %r5, %p1, -1; st.global.u32 [%rd3], %r5;"
    np.testing.assert_array_equal(threads_run(ballot, 64, 64), [0xFFFFFFFF] * 32 + [1] * 32)
    total = "redux.sync.add.s32 %r5, %r1, -1; st.global.u32 [%rd3], %r5;"
    np.testing.assert_array_equal(threads_run(total, 64, 64), [496] * 32 + [496 + 1024] * 32)


def test_blocks_exchange_through_shared_memory() -> None:
    found = threads_run(
        """
        .shared .align 4 .b8 words[256];
        mov.u32 %r2, words; shl.b32 %r3, %r1, 2; add.s32 %r4, %r2, %r3; st.shared.u32 [%r4], %r1;
        bar.sync 0;
        xor.b32 %r5, %r3, 252; add.s32 %r6, %r2, %r5; ld.shared.u32 %r7, [%r6]; st.global.u32 [%rd3], %r7;""",
        64,
        64,
    )
    np.testing.assert_array_equal(found, np.arange(64)[::-1])


def test_asynchronous_copies_arrive_when_they_are_waited_for() -> None:
    found = threads_run("""
        .shared .align 4 .b8 words[128];
        st.global.u32 [%rd3], %r1;
        mov.u32 %r2, words; shl.b32 %r3, %r1, 2; add.s32 %r4, %r2, %r3; st.shared.u32 [%r4], 1000;
        and.b32 %r5, %r3, 4;
        cp.async.ca.shared.global [%r4], [%rd3], 4, %r5;
        cp.async.commit_group;
        ld.shared.u32 %r6, [%r4];
        cp.async.wait_group 0;
        ld.shared.u32 %r7, [%r4]; add.u32 %r7, %r7, %r6; st.global.u32 [%rd3], %r7;""")
    lanes = np.arange(32)
    np.testing.assert_array_equal(found, 1000 + np.where(lanes % 2 == 1, lanes, 0))


def test_generic_addresses_lead_to_both_spaces() -> None:
    found = threads_run("""
        .shared .align 4 .b8 words[4];
        mov.u64 %rd4, words; cvta.shared.u64 %rd5, %rd4; st.u32 [%rd5], 7; ld.shared.u32 %r2, [words];
        cvta.to.global.u64 %rd6, %rd3; st.global.u32 [%rd6], %r2; ld.u32 %r3, [%rd3]; add.u32 %r3, %r3, %r1;
        st.u32 [%rd3], %r3;""")
    np.testing.assert_array_equal(found, 7 + np.arange(32))


def test_atomics_lose_nothing() -> None:
    found = threads_run("red.global.add.u32 [%rd1], 1; atom.global.max.u32 %r5, [%rd1+4], %r1;", 64, 2)
    np.testing.assert_array_equal(found, [64, 63])


def test_vectors_lie_side_by_side() -> None:
    found = threads_run("mul.wide.u32 %rd4, %r1, 8; add.s64 %rd5, %rd1, %rd4; st.global.v2.u32 [%rd5], {%r1, 9};", 4, 8)
    np.testing.assert_array_equal(found, [0, 9, 1, 9, 2, 9, 3, 9])


def test_a_product_of_matrices_is_that_of_the_fragments() -> None:
    # A = 1 everywhere, B[k][n] = n in TF32 (lane / 4 is the column), C = 0: D[m][n] = 8 n.
    found = threads_run("""
        shr.u32 %r2, %r1, 2; cvt.rn.f32.u32 %f1, %r2; cvt.rna.tf32.f32 %r3, %f1; mov.u32 %r4, 0x3F800000;
        mov.f32 %f2, 0f00000000;
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32
            {%f3, %f4, %f5, %f6}, {%r4, %r4, %r4, %r4}, {%r3, %r3}, {%f2, %f2, %f2, %f2};
        cvt.rzi.u32.f32 %r5, %f4; st.global.u32 [%rd3], %r5;""")
    np.testing.assert_array_equal(found, 8 * (2 * (np.arange(32) % 4) + 1))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("st.global.u32 [%rd3+4], 1;", "line 6, 'st.global.u32 .*': an access of 4 bytes is out of bounds"),
        ("st.global.u32 [%rd3+2], 1;", "not aligned to 4 bytes"),
        ("ld.global.v4.u32 {%r2, %r3, %r4, %r5}, [%rd1+4];", "not aligned to 16 bytes"),
        ("sad.u32 %r2, %r3, %r4, %r5;", "line 6, 'sad.u32 .*': the interpreter does not know this instruction"),
        ("add.sat.s32 %r2, %r3, %r4;", "does not know .sat here"),
        ("add.s32 %r2, %r3, %nosuch;", "does not know '%nosuch'"),
        ("add.s64 %rd4, %rd3, %r2;", "%r2 is too narrow"),
        ("add.s32 %r2, %r3;", "2 sources were expected"),
        ("bra $nowhere;", "no such label"),
        (".local .align 4 .b8 depot[8];", "does not know '.local"),
        ("trap;", "a thread came here"),
        ("@%p1 bar.sync 0;", "a guard where threads meet"),
    ],
)
def test_what_is_wrong_or_unknown_is_said_in_one_sentence(body: str, message: str) -> None:
    with pytest.raises(PtxError, match=message):
        threads_run(body)


def test_differences_are_relative_to_the_largest_value() -> None:
    expected = np.array([100, 0, NAN, INF], np.float32)
    assert difference(expected.copy(), expected) == 0
    assert difference(np.array([100, 1e-3, NAN, INF], np.float32), expected) == pytest.approx(1e-5)
    assert difference(np.array([100, NAN, NAN, INF], np.float32), expected) == INF
    assert difference(np.array([100, 0, NAN, 5], np.float32), expected) == INF
    assert difference(np.array([1], np.uint8), np.array([2], np.uint8)) == INF
