"""What nvcc made of the CUDA kernels: how the disassembler is read, and what the kernels of the build promise."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from convlens import modelled_table, sass

RESOURCES = """
Fatbin elf code:
================
arch = sm_75
host = linux

Resource usage:
 Common:
  GLOBAL:0
 Function _Z1fPf:
  REG:61 STACK:0 SHARED:4352 LOCAL:0 CONSTANT[0]:448 TEXTURE:0 SURFACE:0 SAMPLER:0

Fatbin elf code:
================
arch = sm_90a
host = linux

Resource usage:
 Common:
  GLOBAL:0
 Function _Z1fPf:
  REG:70 STACK:16 SHARED:5376 LOCAL:8 CONSTANT[0]:448 TEXTURE:0 SURFACE:0 SAMPLER:0
 Function _Z1gPf:
  REG:8 STACK:0 SHARED:0 LOCAL:0 CONSTANT[0]:448 TEXTURE:0 SURFACE:0 SAMPLER:0

Fatbin ptx code:
================
arch = sm_90a
"""

CODE = """
\t\tFunction : _Z1fPf
        /*0000*/                   LDC R1, c[0x0][0x28] ;                       /* 0x00000a00ff017b82 */
                                                                                /* 0x000fe20000000800 */
        /*0010*/                   FFMA R1, R2, R3, R1 ;                        /* 0x00000a00ff017b82 */
        /*0020*/               @P0 LDGSTS.E [R7], desc[UR8][R12.64] ;           /* 0x00000a00ff017b82 */
        /*0030*/              @!P0 LDGSTS.E [R7], desc[UR8][R12.64], !PT ;      /* 0x00000a00ff017b82 */
        /*0040*/              @!PT LDS RZ, [RZ] ;                               /* 0x00000a00ff017b82 */
        /*0050*/                   LDS.128 R4, [R0+0x10] ;                      /* 0x00000a00ff017b82 */
        /*0060*/                   FFMA R1, R4, R5.reuse, R1 ;                  /* 0x00000a00ff017b82 */
        /*0070*/                   FFMA R1, R4, R6, R1 ;                        /* 0x00000a00ff017b82 */
        /*0080*/              @!P1 BRA 0x50 ;                                   /* 0x00000a00ff017b82 */
        /*0090*/                   IADD3 R8, R8, 0x1, RZ ;                      /* 0x00000a00ff017b82 */
        /*00a0*/               @P2 BRA 0x20 ;                                   /* 0x00000a00ff017b82 */
        /*00b0*/                   EXIT ;                                       /* 0x00000a00ff017b82 */
        /*00c0*/                   BRA 0xc0;                                    /* 0x00000a00ff017b82 */
        /*00d0*/                   NOP;                                         /* 0x00000a00ff017b82 */
\t\tFunction : _Z1gPf
        /*0000*/                   HMMA.1688.F32.TF32 R28, R32, R54, R28 ;      /* 0x00000a00ff017b82 */
        /*0010*/                   HMMA.16816.F32 R28, R32, R54, R28 ;          /* 0x00000a00ff017b82 */
        /*0020*/                   HMMA.16816.F32.BF16 R28, R32, R54, R28 ;     /* 0x00000a00ff017b82 */
"""


def test_resources_are_read_of_machine_code_only() -> None:
    parts = sass.by_architecture(RESOURCES)
    assert list(parts) == ["sm_75", "sm_90a"]
    assert sass.resources(parts["sm_75"], 0)["_Z1fPf"]["shared_bytes"] == 4352
    assert sass.resources(parts["sm_90a"], 1024) == {
        "_Z1fPf": {"registers": 70, "stack_bytes": 16, "local_bytes": 8, "shared_bytes": 4352},
        "_Z1gPf": {"registers": 8, "stack_bytes": 0, "local_bytes": 0, "shared_bytes": 0},
    }


def test_a_mix_counts_kinds_products_and_requests() -> None:
    code = dict(sass.instructions(CODE))["_Z1fPf"]
    expected = {"FFMA": 3, "LDGSTS": 2, "LDS": 1, "branch": 4, "integer": 1, "other": 2}
    assert sass.mix(code) == expected | {"total": 13, "products": 3, "requests": 3}


def test_the_main_loop_is_the_innermost_that_multiplies() -> None:
    code = dict(sass.instructions(CODE))["_Z1fPf"]
    assert [i.address for i in sass.main_loop(code)] == [0x50, 0x60, 0x70, 0x80]
    straight = code[:8]
    assert sass.main_loop(straight) == straight


def test_products_of_matrices_are_those_of_all_lanes() -> None:
    code = dict(sass.instructions(CODE))["_Z1gPf"]
    assert [i.products for i in code] == [32, 64, 64]
    assert sass.input_types(code) == ["BF16", "F16", "TF32"]


@pytest.fixture(scope="module")
def compiled(repository: Path) -> dict[str, Any]:
    """The report of the build, which is there where nvcc and the disassembler were."""
    build = Path(os.environ.get("CONVLENS_BUILD", repository / "build"))
    report = build / "kernels" / "simt" / "gpu" / "cuda_kernels.json"
    if not report.is_file():
        pytest.skip(f"{report.name} is absent: the build had no nvcc, cuobjdump or nvdisasm")
    return json.loads(report.read_text(encoding="utf-8"))


def test_no_kernel_uses_local_memory(compiled: dict[str, Any]) -> None:
    for kernel in compiled["kernels"]:
        assert set(kernel["architectures"]) == {"sm_75", "sm_80", "sm_90a", "sm_100", "sm_120"}, kernel["kernel"]
        for architecture, found in kernel["architectures"].items():
            where = (kernel["file"], kernel["kernel"], architecture)
            assert (found["stack_bytes"], found["local_bytes"]) == (0, 0), where
            spills = [found.get("instructions", {}).get(kind, 0) for kind in ("LDL", "STL")]
            assert spills == [0, 0], where


def test_every_kernel_file_is_in_the_report(compiled: dict[str, Any], repository: Path) -> None:
    kernels = repository / "kernels"
    files = {str(path.relative_to(kernels)) for path in kernels.glob("*/cuda/*.cu")}
    assert {kernel["file"] for kernel in compiled["kernels"]} <= files
    with_kernels = {str(p.relative_to(kernels)) for p in kernels.glob("*/cuda/*.cu") if "__global__" in p.read_text()}
    assert with_kernels <= {kernel["file"] for kernel in compiled["kernels"]}


def test_the_pages_state_registers_and_shared_memory_as_they_are(compiled: dict[str, Any], repository: Path) -> None:
    for path in (repository / "docs" / "results").glob("*-simt.md"):
        page, op = path.read_text(encoding="utf-8"), path.stem.removesuffix("-simt")
        assert page.startswith("Modelled"), path.name
        if f"What {compiled['compiler']} makes" not in page:
            pytest.skip(f"{path.name} was written with another compiler than {compiled['compiler']}")
        table = modelled_table.resource_table(op, compiled)
        stated = list(modelled_table.rows_of(page))[: len(table)]
        assert stated == table, f"{modelled_table.COMMAND} {op} writes the page anew"
