"""Converts an ONNX graph to a model. Every operator has a handler in one of this folder's modules, which add themselves."""

from __future__ import annotations

import importlib
import pkgutil

from convlens.onnx_import.graph import import_onnx

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

__all__ = ["import_onnx"]
