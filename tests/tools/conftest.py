"""Fixtures of the tools' tests."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))


@pytest.fixture(scope="session")
def repository() -> Path:
    """The repository's root."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with trained networks and photos; without it tests that need it are skipped, and fail on CI."""
    folder = Path(os.environ.get("CONVLENS_SHARED", ROOT.parent / "shared"))
    if not (folder / "weights").is_dir():
        reason = f"there is no folder {folder} with trained networks (set CONVLENS_SHARED)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return folder
