"""Errors of a replay."""

from __future__ import annotations

from convlens.errors import UserError


class PtxError(UserError):
    """What the interpreter does not know, or what a kernel may not do."""
