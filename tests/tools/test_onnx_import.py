"""The ONNX converter: each operator against ONNX Runtime, and its refusals."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx_graphs import GraphBuilder

from convlens import catalogue, jax_model
from convlens.errors import UserError
from convlens.golden import golden_inputs, relative_error
from convlens.model import Model
from convlens.model_file import read_model, write_model
from convlens.onnx_export import export_onnx
from convlens.onnx_import import import_onnx
from convlens.random_model import random_model

TOLERANCE = 1e-5
Build = Callable[[], GraphBuilder]


def _image(opset: int = 13, channels: int = 4, size: int = 9) -> GraphBuilder:
    return GraphBuilder(1, channels, size, size, opset=opset)


def _conv(size: int = 9, **attributes: object) -> GraphBuilder:
    g = _image(size=size)
    return g.add("Conv", g.constant(6, 4 // attributes.get("group", 1), 3, 3), g.constant(6), **attributes)


def _transposed(**attributes: object) -> GraphBuilder:
    g = _image()
    return g.add("ConvTranspose", g.constant(4, 6 // attributes.get("group", 1), 3, 3), **attributes)


def _resize(mode: str, scales: list[float], **attributes: object) -> GraphBuilder:
    g = _image()
    return g.add("Resize", "", g.constant(values=scales), mode=mode, **attributes)


def _gemm(**attributes: object) -> GraphBuilder:
    g = _image(size=1)
    shape = (5, 4) if attributes.get("transB") else (4, 5)
    return g.add("Flatten").add("Gemm", g.constant(*shape), g.constant(5), **attributes)


def _matmul_add() -> GraphBuilder:
    g = _image(size=2)
    g.add("Reshape", g.constant(values=[1, -1], dtype=np.int64)).add("MatMul", g.constant(16, 5))
    return g.add("Add", g.constant(5)).add("Relu")


def _batch_norm() -> GraphBuilder:
    g = _image()
    return g.add("BatchNormalization", *(g.constant(4) for _ in range(4)), epsilon=1e-3)


def _instance_norm() -> GraphBuilder:
    g = _image()
    return g.add("InstanceNormalization", g.constant(4), g.constant(4), epsilon=1e-4)


def _residual() -> GraphBuilder:
    g = _image()
    return g.add("Relu").add("Add", "image").add("Concat", "image", axis=1)


def _pad(mode: str, pads: list[int]) -> GraphBuilder:
    g = _image()
    return g.add("Pad", g.constant(values=pads, dtype=np.int64), mode=mode)


def _computed_reshape() -> GraphBuilder:
    """What exporters write for x.view(x.size(0), -1)."""
    g = _image()
    make = onnx.helper.make_node
    g.nodes += [
        make("Shape", ["image"], ["shape"]),
        make("Constant", [], ["zero"], value=onnx.numpy_helper.from_array(np.array(0))),
        make("Gather", ["shape", "zero"], ["n"]),
        make("Unsqueeze", ["n", g.constant(values=[0], dtype=np.int64)], ["n1"]),
        make("Concat", ["n1", g.constant(values=[-1], dtype=np.int64)], ["target"], axis=0),
    ]
    return g.add("Reshape", "target")


def _reshape_to_map() -> GraphBuilder:
    """What generators begin with: a vector becomes a map."""
    g = _image().add("Flatten")
    return g.add("Reshape", g.constant(values=[-1, 12, 9, 3], dtype=np.int64))


def _clip(low: float, high: float) -> GraphBuilder:
    g = _image()
    return g.add("Clip", g.constant(values=low), g.constant(values=high))


def _arithmetic() -> GraphBuilder:
    g = _image()
    g.add("Mul", g.constant(4, 1, 1)).add("Sub", g.constant(1, 4, 1, 1)).add("Div", g.constant(1))
    return g.add("Relu").add("Sub", before=(g.constant(values=2.0),)).add("Add", g.constant(4, 1, 1))


def _reduce_mean() -> GraphBuilder:
    return _image().add("ReduceMean", axes=[2, 3], keepdims=0)


CASES: dict[str, Build] = {
    "conv": lambda: _conv(strides=[2, 1], pads=[1, 0, 2, 1]),
    "conv_dilated_groups": lambda: _conv(dilations=[2, 2], group=2),
    "conv_same": lambda: _conv(size=10, auto_pad="SAME_UPPER", strides=[2, 2]),
    "conv_valid": lambda: _conv(auto_pad="VALID"),
    "conv_transpose": lambda: _transposed(strides=[2, 2], pads=[1, 1, 1, 1], output_padding=[1, 1]),
    "conv_transpose_groups": lambda: _transposed(strides=[3, 2], group=2, dilations=[2, 1]),
    "gemm": lambda: _gemm(transB=1, alpha=0.5, beta=2.0),
    "gemm_plain": lambda: _gemm(),
    "matmul_add": _matmul_add,
    "relu": lambda: _image().add("Relu"),
    "leaky_relu": lambda: _image().add("LeakyRelu", alpha=0.2),
    "relu6": lambda: _clip(0, 0.5),
    "relu6_old": lambda: _image(opset=7).add("Clip", min=0.0, max=0.5),
    "sigmoid_tanh": lambda: _image().add("Sigmoid").add("Tanh"),
    "max_pool": lambda: _image().add("MaxPool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
    "max_pool_ceil": lambda: _image(size=10).add("MaxPool", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1),
    "average_pool": lambda: _image().add("AveragePool", kernel_shape=[3, 2], strides=[2, 2], pads=[1, 0, 1, 1]),
    "average_pool_counted": lambda: _image().add(
        "AveragePool", kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1
    ),
    "global_average_pool": lambda: _image().add("GlobalAveragePool").add("Flatten"),
    "reduce_mean": _reduce_mean,
    "batch_norm": _batch_norm,
    "instance_norm": _instance_norm,
    "lrn": lambda: _image(channels=7).add("LRN", size=5, alpha=0.1, beta=0.6, bias=1.5),
    "softmax": lambda: _image().add("Softmax", axis=1),
    "softmax_last": lambda: _image(size=1).add("Flatten").add("Softmax"),
    "log_softmax": lambda: _image().add("LogSoftmax", axis=1),
    "residual": _residual,
    "pad_constant": lambda: _pad("constant", [0, 1, 2, 0, 0, 2, 1, 3]),
    "pad_reflect": lambda: _pad("reflect", [0, 0, 2, 1, 0, 0, 3, 4]),
    "pad_old": lambda: _image(opset=7).add("Pad", pads=[0, 0, 1, 1, 0, 0, 1, 1]),
    "upsample_old": lambda: _image(opset=7).add("Upsample", scales=[1.0, 1.0, 2.0, 3.0]),
    "resize_nearest": lambda: _resize(
        "nearest", [1, 1, 2, 2], coordinate_transformation_mode="asymmetric", nearest_mode="floor"
    ),
    "resize_nearest_half_pixel": lambda: _resize("nearest", [1, 1, 3, 3]),
    "resize_linear": lambda: _resize("linear", [1, 1, 2, 3]),
    "resize_align_corners": lambda: _resize("linear", [1, 1, 2, 2], coordinate_transformation_mode="align_corners"),
    "dropout_identity": lambda: _image().add("Dropout").add("Identity").add("Relu"),
    "computed_reshape": _computed_reshape,
    "reshape_to_map": _reshape_to_map,
    "arithmetic": _arithmetic,
}


def _convert(folder: Path, proto: onnx.ModelProto) -> Model:
    onnx.save(proto, folder / "g.onnx")
    write_model(folder / "m", import_onnx(folder / "g.onnx"))
    return read_model(folder / "m")


@pytest.mark.parametrize("case", CASES)
def test_operator(tmp_path: Path, case: str) -> None:
    proto = CASES[case]().model()
    image = np.random.default_rng(1).normal(size=CASES[case]().shape).astype(np.float32)
    expected = onnxruntime.InferenceSession(proto.SerializeToString()).run(None, {"image": image})[0]
    model = _convert(tmp_path, proto)
    found = np.asarray(jax_model.run(model, {"image": image})[model.output])
    assert found.size == expected.size
    assert found.shape[:2] == expected.shape[:2]
    assert relative_error(found.ravel(), expected.ravel()) <= TOLERANCE


REFUSALS: dict[str, tuple[Build, str]] = {
    "operator": (lambda: _image().add("Erf"), r"'erf1' \(Erf\) is of an operator"),
    "same_lower": (lambda: _conv(auto_pad="SAME_LOWER"), "conv1.*SAME_LOWER"),
    "clip": (lambda: _clip(-1, 1), "clips from -1"),
    "pad_edge": (lambda: _pad("edge", [0, 0, 1, 1, 0, 0, 1, 1]), "pad1.*'edge'"),
    "fraction": (lambda: _resize("nearest", [1, 1, 1.5, 1.5]), r"resize1.*by integers"),
    "cubic": (lambda: _resize("cubic", [1, 1, 2, 2]), "resize1.*'cubic'"),
    "concat": (lambda: _image().add("Concat", "image", axis=2), "concat1.*axis 2"),
    "reshape": (
        lambda: (g := _image()).add("Reshape", g.constant(values=[1, 2, 18, 9], dtype=np.int64)),
        r"reshape1.*\[1, 2, 18, 9\]",
    ),
    "product": (lambda: _image().add("Relu").add("Mul", "image"), "mul2.*two layers"),
    "pool_too_large": (lambda: _image(size=2).add("MaxPool", kernel_shape=[5, 5]), "maxpool1.*window of 5"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_refusal_names_node_and_operator(tmp_path: Path, case: str) -> None:
    build, message = REFUSALS[case]
    onnx.save(build().model(), tmp_path / "g.onnx")
    with pytest.raises(UserError, match=message):
        import_onnx(tmp_path / "g.onnx")


def test_no_onnx_file(tmp_path: Path) -> None:
    (tmp_path / "g.onnx").write_bytes(b"nonsense")
    with pytest.raises(UserError, match=r"g\.onnx is no ONNX file"):
        import_onnx(tmp_path / "g.onnx")


@pytest.mark.parametrize("name", ["cifar_resnet20", "squeezenet1_1", "mobilenet_v2", "bvlc_googlenet"])
def test_there_and_back(tmp_path: Path, name: str) -> None:
    """A catalogue's network, written as ONNX and converted back, computes the same."""
    entry = catalogue.load(name)
    model = random_model(entry, 1, entry.golden["size"], {})
    inputs = golden_inputs(model, 1)
    back = _convert(tmp_path, export_onnx(model))
    results = [
        onnxruntime.InferenceSession(export_onnx(m).SerializeToString()).run(None, inputs)[0] for m in (model, back)
    ]
    assert relative_error(results[1], results[0]) <= TOLERANCE
