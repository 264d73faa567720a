"""Layouts and the grid of `embedding` (tools/project.py), in the Python that viz_run calls it with."""

from __future__ import annotations

import itertools
import subprocess
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-projection/bin/python"

pytestmark = pytest.mark.skipif(
    not PYTHON.exists(), reason="tools/install_dependencies.sh --projection was not run: no .venv-projection"
)


def project(folder: Path, matrix: np.ndarray, *arguments: str) -> np.ndarray:
    np.save(folder / "in.npy", matrix.astype(np.float32))
    command = [PYTHON, ROOT / "tools/project.py", folder / "in.npy", folder / "out.npy", *arguments]
    subprocess.run(command, check=True, capture_output=True)
    return np.load(folder / "out.npy")


@pytest.mark.parametrize("arguments", [["tsne", "--perplexity", "8"], ["umap", "--neighbours", "8"]])
def test_groups_of_features_stay_groups(tmp_path: Path, arguments: list[str]) -> None:
    random = np.random.default_rng(0)
    groups = np.repeat(np.arange(3), 25)
    points = project(tmp_path, 10 * np.eye(3, 20)[groups] + random.normal(size=(75, 20)), *arguments)
    assert points.shape == (75, 2) and points.dtype == np.float32
    distances = np.linalg.norm(points[:, None] - points[None], axis=2) + 1e9 * np.eye(75)
    assert (groups[distances.argmin(axis=1)] == groups).all()


def test_snapping_moves_points_least_and_fills_no_cell_twice(tmp_path: Path) -> None:
    points = np.random.default_rng(1).uniform(size=(6, 2))
    cells = project(tmp_path, points, "grid", "--rows", "2", "--columns", "4").astype(int)
    assert len({tuple(cell) for cell in cells}) == 6
    unit = (points - points.min(axis=0)) / np.ptp(points, axis=0)
    centres = np.array([[(column + 0.5) / 4, 1 - (row + 0.5) / 2] for row in range(2) for column in range(4)])
    cost = ((unit[:, None] - centres[None]) ** 2).sum(axis=2)
    least = min(cost[range(6), list(chosen)].sum() for chosen in itertools.permutations(range(8), 6))
    assert cost[range(6), cells[:, 0] * 4 + cells[:, 1]].sum() == pytest.approx(least, rel=1e-5)
