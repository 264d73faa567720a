"""The constants of an ONNX graph, by their names there."""

from __future__ import annotations

from pathlib import Path

from convlens.readers import Tensors, register


@register("onnx", lambda path, head: path.suffix == ".onnx")
def read_onnx_initializers(path: Path) -> Tensors:
    """Read every initializer."""
    import onnx

    model = onnx.load(path)
    return {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
