#pragma once

#include "kernels/base/param_types.h"
#include "kernels/base/region.h"

namespace convlens {

/// A window that slides over height and width, in both of which it is described alike.
struct Window {
  Pair kernel{1, 1}, stride{1, 1}, dilation{1, 1};
  Padding padding;
  bool ceil_mode = false;
};

/// A window on one axis of known size: input index = output index * stride - before + tap * dilation.
struct WindowAxis {
  int64_t input, output, kernel, stride, dilation, before, after;
};

/// axis 0: height, 1: width. Output sizes follow PyTorch: floor((i + before + after - dilation * (k - 1) - 1) / s) + 1,
/// or ceil with the last window starting inside the input or the padding before it; "same" padding gives ceil(i / s).
/// Throws InputError when the window does not fit.
WindowAxis window_axis(const Window& window, int axis, int64_t input);

/// What lies under the windows of these outputs, padding included.
IndexRange window_inputs(const WindowAxis& axis, const IndexRange& outputs);

}  // namespace convlens
