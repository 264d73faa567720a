"""Where the program under test is."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Only ctest knows where it built kernel_bench."""
    parser.addoption("--kernel-bench", required=True, help="the program kernel_bench")
