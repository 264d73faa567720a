"""Caffe's .caffemodel: a protocol buffer, read by its wire format. Tensors are named <layer>/<index of blob>.

Field numbers are those of caffe.proto; layers come as LayerParameter or, in files of before 2014, V1LayerParameter.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from convlens.errors import UserError
from convlens.readers import Tensors, register

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_NET_V1_LAYERS, _NET_LAYERS = 2, 100
_LAYER_NAME, _LAYER_BLOBS = 1, 7
_V1_LAYER_NAME, _V1_LAYER_BLOBS = 4, 6
_BLOB_LEGACY_SHAPE, _BLOB_DATA, _BLOB_SHAPE = (1, 2, 3, 4), 5, 7
_SHAPE_DIM = 1


def _varint(data: memoryview, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7


def _fields(data: memoryview) -> dict[int, list[Any]]:
    """Values of a message by field number: integers, or views of what is longer."""
    fields: dict[int, list[Any]] = defaultdict(list)
    position = 0
    while position < len(data):
        key, position = _varint(data, position)
        kind = key & 7
        if kind == _VARINT:
            value, position = _varint(data, position)
        elif kind in (_FIXED64, _FIXED32, _BYTES):
            size, position = _varint(data, position) if kind == _BYTES else ({_FIXED64: 8, _FIXED32: 4}[kind], position)
            if position + size > len(data):
                raise UserError("it is cut off")
            value, position = data[position : position + size], position + size
        else:
            raise UserError(f"its field {key >> 3} is of no kind that a .caffemodel has")
        fields[key >> 3].append(value)
    return fields


def _shape(blob: dict[int, list[Any]]) -> list[int]:
    if _BLOB_SHAPE not in blob:
        return [blob[field][0] if field in blob else 1 for field in _BLOB_LEGACY_SHAPE]
    sizes: list[int] = []
    for dims in _fields(blob[_BLOB_SHAPE][0])[_SHAPE_DIM]:
        # Repeated integers may come one by one, or packed into one field.
        if isinstance(dims, int):
            sizes.append(dims)
            continue
        position = 0
        while position < len(dims):
            size, position = _varint(dims, position)
            sizes.append(size)
    return sizes


@register("caffemodel", lambda path, head: path.suffix == ".caffemodel")
def read_caffemodel(path: Path) -> Tensors:
    """Read every layer's blobs."""
    net = _fields(memoryview(path.read_bytes()))
    tensors: Tensors = {}
    for field, name_field, blobs_field in (
        (_NET_LAYERS, _LAYER_NAME, _LAYER_BLOBS),
        (_NET_V1_LAYERS, _V1_LAYER_NAME, _V1_LAYER_BLOBS),
    ):
        for layer in map(_fields, net[field]):
            for index, blob in enumerate(map(_fields, layer[blobs_field])):
                values = np.frombuffer(b"".join(blob[_BLOB_DATA]), "<f4")
                tensors[f"{bytes(layer[name_field][0]).decode()}/{index}"] = values.reshape(_shape(blob))
    if not tensors:
        raise UserError("it holds no layer with weights")
    return tensors
