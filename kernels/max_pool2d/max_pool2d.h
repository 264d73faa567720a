#pragma once

#include "kernels/base/operator.h"
#include "kernels/base/pool_window.h"

namespace convlens {

/// y = the largest x under the window. Padding belongs to no window; the first of equal maxima wins, rows before
/// columns; a NaN under the window is the maximum.
struct MaxPool2dParams final : Params {
  PoolWindow window;
  void describe(ParamVisitor& v) override { window.describe(v); }
};

/// The window on both axes. Tap (r, t) of output (p, q) is number r * x.kernel + t and lies at the input's
/// (p * y.stride - y.before + r, q * x.stride - x.before + t).
struct MaxPool2dSizes {
  explicit MaxPool2dSizes(const Problem& problem);
  int64_t taps() const { return y.kernel * x.kernel; }
  WindowAxis y, x;
};

/// The notes that the forward pass saves: for every element of the output, in the order of its memory (padding channels
/// included), the number of the tap that was taken, as uint8_t when the window has at most 256 taps, else as uint32_t.
/// This is the size of one of them.
size_t max_pool2d_note_bytes(const Problem& problem);

}  // namespace convlens
