#!/usr/bin/env python3
"""Adding a rung to a ladder is one file: add one to a copy of the repository, and see it tested, timed and watched.

new_rung.py REPOSITORY. The copy has one operator, so that it builds in a minute or two; nothing else in it is changed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

OPERATOR, OLD, NEW = "conv2d", "01_naive", "90_copy_of_naive"
FILES = ["CMakeLists.txt", "tests/CMakeLists.txt"]
FOLDERS = ["benchmarks", "engine", "kernels", "tests/base", "tests/kernels", "viz", "weights"]
TARGETS = ["kernels_test", "kernel_bench", "kernel_lens"]
OPTIONS = ["-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CXX_FLAGS_DEBUG=-O1", "-DCONVLENS_CUDA=OFF"]
CASE = "n2c3h9k5r3p1"


def run(*command: str | Path, code: int = 0) -> str:
    """Output of a command, which must end with this exit code."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != code:
        sys.exit(f"{done.stdout}\n{command[0]} ended with exit code {done.returncode}, expected {code}")
    return done.stdout


def expect_in(part: str, text: str, what: str) -> None:
    """End the program unless `part` stands in `text`."""
    if part not in text:
        sys.exit(f"{text}\n{part} does not appear in {what}")


def copy_with_one_operator(repository: Path, copy: Path) -> None:
    """Copy what the targets are built from, less all operators, rungs and tests but one each."""
    for folder in FOLDERS:
        shutil.copytree(repository / folder, copy / folder)
    for file in FILES:
        shutil.copy(repository / file, copy / file)
    for operator in (copy / "kernels").glob("*/cases.json"):
        if operator.parent.name != OPERATOR:
            shutil.rmtree(operator.parent)
    for rung in (copy / "kernels" / OPERATOR).glob("c*/*.c*"):
        if rung.stem != OLD:
            rung.unlink()
    for test in (copy / "tests" / "kernels").glob("*.cpp"):
        if test.stem != "variants_test":
            test.unlink()


def main() -> int:
    """Exit code 1 with what is not as it should be."""
    with tempfile.TemporaryDirectory() as folder:
        copy, build = Path(folder) / "convlens", Path(folder) / "build"
        copy_with_one_operator(Path(sys.argv[1]), copy)
        rungs = copy / "kernels" / OPERATOR / "cuda"
        text = (rungs / f"{OLD}.cu").read_text().replace(f'"{OLD}"', f'"{NEW}"')
        (rungs / f"{NEW}.cu").write_text(text)
        run("cmake", "-S", copy, "-B", build, *OPTIONS)
        run("cmake", "--build", build, "--target", *TARGETS)

        tests, bench = build / "tests/kernels/kernels_test", build / "benchmarks/kernel_bench"
        own_tests = f"--gtest_filter=*simt_{NEW}__*"
        # All blocks are run, so that results are checked.
        timed = [bench, "--op", OPERATOR, "--case", CASE, "--device", "simt", "--blocks", "100"]
        expect_in(f"simt_{NEW}__backward_data", run(tests, "--gtest_list_tests"), "the list of tests")
        expect_in("PASSED", run(tests, own_tests), "the tests' result")
        expect_in(NEW, run(*timed), "the table of kernel_bench")
        lens = run(build / "benchmarks/kernel_lens", f"{OPERATOR}/cuda/{NEW}.cu", "--case", CASE)
        expect_in(f"{OPERATOR}/cuda/{NEW}.cu", lens, "the source that kernel_lens shows")

        (rungs / f"{NEW}.cu").write_text(text.replace("sum += w[", "sum -= w["))
        run("cmake", "--build", build, "--target", "kernels_test", "kernel_bench")
        expect_in("FAILED", run(tests, own_tests, code=1), "the tests' result of a wrong rung")
        run(*timed, code=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
