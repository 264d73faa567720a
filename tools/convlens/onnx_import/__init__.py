"""Converts an ONNX graph to a model. Each operator's handler adds itself from one of this folder's modules."""

from __future__ import annotations

import importlib
import pkgutil

from convlens.onnx_import.graph import import_onnx

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

__all__ = ["import_onnx"]
