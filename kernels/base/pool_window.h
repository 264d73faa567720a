#pragma once

#include "kernels/base/region.h"
#include "kernels/base/window.h"

namespace convlens {

/// The sliding window of the pools, which differ in what they make of it.
struct PoolWindow {
  Pair kernel{1, 1};
  Pair stride{0, 0};  ///< 0: the kernel's size
  Padding padding;
  bool ceil_mode = false;

  void describe(ParamVisitor& v);
  /// axis 0: height, 1: width. Throws InputError when the window does not fit, or when the padding is not smaller than
  /// it: each window then holds at least one element of the input.
  WindowAxis axis(int axis, int64_t input) const;
  /// What lies under the windows of these outputs, padding included.
  Region input_region(const Shape& input, const Region& output) const;
};

/// The elements of the input under the window of one output.
IndexRange covered_inputs(const WindowAxis& axis, int64_t output);

/// The outputs whose windows lie inside the input; they may be none.
IndexRange whole_windows(const WindowAxis& axis);

/// The outputs whose windows hold one element of the input; empty where the stride leaves it out.
IndexRange covering_outputs(const WindowAxis& axis, int64_t input);

}  // namespace convlens
