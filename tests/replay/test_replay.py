"""Launches that the emulator ran, repeated from nothing but their exported folders by the interpreter of their PTX.

What the interpreter runs, nvcc made; what the results are compared with, the emulator made of g++'s code. The two round
alike where they do the same operations. Where they do not (each compiler fuses multiplications and additions of its
own choice, and CUDA's expf is not the host's), they may differ by 1e-5 of the largest result.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from ptx.launch import difference, interpret, read_launch

REPLAY = Path(__file__).resolve().parents[2] / "tools" / "replay_launch.py"
SAME_OPERATIONS, OTHER_ROUNDINGS = 0.0, 1e-5


@dataclass(frozen=True)
class Export:
    """What kernel_bench is asked for."""

    op: str
    case: str
    variant: str
    tolerance: float
    backward: str = ""

    @property
    def arguments(self) -> list[str]:
        """Of kernel_bench."""
        named = ["--op", self.op, "--case", self.case, "--variant", self.variant, "--device", "simt"]
        return [*named, "--pass", self.backward] if self.backward else named


CONV = "n2c5h9w7k6r3p1"
QUADS = "n2c8h9w7k12r3p1"

EXPORTS = [
    Export("relu", "relu_batch", "masked", SAME_OPERATIONS, "backward_data"),
    Export("max_pool2d", "odd_2x2", "gather", SAME_OPERATIONS, "backward_data"),
    Export("softmax", "classes", "warps", OTHER_ROUNDINGS),
    Export("instance_norm", "batch", "welford", OTHER_ROUNDINGS, "backward_weights"),
    Export("gram", "undivided", "triangle", OTHER_ROUNDINGS),
    Export("conv2d", CONV, "01_naive", OTHER_ROUNDINGS),
    Export("conv2d", CONV, "02_shared_tile", OTHER_ROUNDINGS),
    Export("conv2d", CONV, "03_register_tile", OTHER_ROUNDINGS, "backward_weights"),
    Export("conv2d", CONV, "04_async_copy", OTHER_ROUNDINGS),
    Export("conv2d", CONV, "06_tensor_core_tf32", OTHER_ROUNDINGS, "backward_data"),
    Export("conv2d", CONV, "15_halo_tile", OTHER_ROUNDINGS, "backward_data"),
    Export("conv2d", QUADS, "07_tensor_core_f16", OTHER_ROUNDINGS, "backward_weights"),
    Export("conv2d", QUADS, "16_halo_f16", OTHER_ROUNDINGS),
    Export("conv2d", QUADS, "17_halo_bf16", OTHER_ROUNDINGS, "backward_data"),
]

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def kernel_bench(pytestconfig: pytest.Config) -> Run:
    """Runs kernel_bench."""
    if shutil.which("nvcc") is None:
        pytest.skip("nvcc is absent")
    program = pytestconfig.getoption("--kernel-bench")
    return lambda *arguments: subprocess.run([program, *arguments], check=False, capture_output=True, text=True)


@pytest.fixture(scope="session")
def exported(kernel_bench: Run, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Export], list[Path]]:
    """The folders of an export's launches, made once."""
    made: dict[Export, list[Path]] = {}

    def folders(export: Export) -> list[Path]:
        if export not in made:
            folder = tmp_path_factory.mktemp("export")
            done = kernel_bench(*export.arguments, "--export", str(folder))
            assert done.returncode == 0, done.stderr
            made[export] = sorted(folder.iterdir())
        return made[export]

    return folders


@pytest.mark.parametrize("export", EXPORTS, ids=lambda e: f"{e.op}-{e.variant}-{e.backward or 'forward'}")
def test_ptx_leaves_what_the_emulator_left(export: Export, exported: Callable[[Export], list[Path]]) -> None:
    for folder in exported(export):
        launch = read_launch(folder)
        found = interpret(launch)
        assert any(not np.array_equal(launch.before[name], launch.after[name]) for name in launch.after)
        for name, expected in launch.after.items():
            assert difference(found[name], expected) <= export.tolerance, f"{folder.name}, {name}"


@pytest.fixture
def relu(exported: Callable[[Export], list[Path]], tmp_path: Path) -> Path:
    """A copy of an exported launch that may be altered."""
    return shutil.copytree(exported(EXPORTS[0])[0], tmp_path / "relu")


def replayed(folder: Path) -> subprocess.CompletedProcess[str]:
    """What the tool says of it."""
    return subprocess.run([sys.executable, REPLAY, folder], check=False, capture_output=True, text=True)


def test_the_tool_names_every_buffer(relu: Path) -> None:
    done = replayed(relu)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "relu"
    assert [line.split()[0] for line in done.stdout.splitlines()[1:]] == ["buffer0", "buffer1", "buffer2"]


def test_another_instruction_is_another_result(relu: Path) -> None:
    ptx = relu / "kernel.ptx"
    text = ptx.read_text()
    assert "setp.gt.f32" in text
    ptx.write_text(text.replace("setp.gt.f32", "setp.lt.f32"))
    assert replayed(relu).returncode == 1


def test_another_argument_is_another_result(relu: Path) -> None:
    stated = json.loads((relu / "launch.json").read_text())
    count = stated["arguments"][-1]
    assert count["type"] == "long"
    half = int.from_bytes(bytes.fromhex(count["bytes"]), "little") // 2
    count["bytes"] = half.to_bytes(8, "little").hex()
    (relu / "launch.json").write_text(json.dumps(stated))
    assert replayed(relu).returncode == 1


def test_a_folder_that_is_no_launch_is_refused_in_one_sentence(relu: Path) -> None:
    (relu / "launch.json").write_text("{}")
    done = replayed(relu)
    assert done.returncode == 2
    assert "is no launch that kernel_bench --export wrote" in done.stderr
    assert done.stderr.count("\n") == 1


def test_kernel_bench_says_that_it_needs_nvcc(pytestconfig: pytest.Config, tmp_path: Path) -> None:
    export = EXPORTS[0]
    program = [pytestconfig.getoption("--kernel-bench"), *export.arguments, "--export", str(tmp_path)]
    done = subprocess.run(program, check=False, capture_output=True, text=True, env={"PATH": str(tmp_path)})
    assert done.returncode == 2
    assert "needs nvcc" in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--op", "relu", "--case", "relu_one"], "it needs --device simt"),
        (["--op", "relu", "--case", "relu_one", "--device", "simt", "--variant", "nosuch"], "no launch to export"),
    ],
)
def test_kernel_bench_refuses_in_one_sentence(
    kernel_bench: Run, tmp_path: Path, arguments: list[str], message: str
) -> None:
    done = kernel_bench(*arguments, "--export", str(tmp_path))
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())
