"""How near a forward pass comes to where a network has no derivative: there, rounding decides on gradients."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from convlens.model import Model
from convlens.operators import Params, full_params, pair, window_padding, window_stride


def margin(model: Model, values: Mapping[str, np.ndarray]) -> float:
    """Least distance to a kink of any ReLU or tie of any max pool, relative to the layer's root mean square."""
    distances = [1.0]
    for layer in model.layers:
        if layer.op not in ("relu", "max_pool2d"):
            continue
        x = np.asarray(values[layer.inputs[0]])
        scale = float(np.sqrt(np.mean(np.square(x, dtype=np.float64))))
        params = full_params(layer)
        if layer.op == "relu":
            distances.append(float(np.abs(x).min()) / scale)
            if params["max_value"] is not None:
                distances.append(float(np.abs(x - params["max_value"]).min()) / scale)
        else:
            distances.append(_tie(params, x) / scale)
    return min(distances)


def _tie(p: Params, x: np.ndarray) -> float:
    """Least difference of a window's maximum to the next smaller value. Equal ones are copies, or dead zeros."""
    kernel, stride, padding = pair(p["kernel_size"]), window_stride(p), window_padding(p, x.shape)
    # Room for the windows that ceil_mode adds; a window of nothing but padding has no maximum and drops out below.
    edges = [(0, 0), (0, 0), *((before, after + s - 1) for (before, after), s in zip(padding, stride, strict=True))]
    padded = np.pad(x, edges, constant_values=-np.inf)
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel, (2, 3))[:, :, :: stride[0], :: stride[1]]
    windows = windows.reshape(*windows.shape[:4], -1)
    highest = windows.max(-1, keepdims=True)
    lower = np.where(windows < highest, windows, -np.inf).max(-1)
    with np.errstate(invalid="ignore"):
        gap = highest[..., 0] - lower
    return float(gap[np.isfinite(gap)].min(initial=np.inf))
