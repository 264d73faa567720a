#pragma once

#include "kernels/base/operator.h"
#include "kernels/base/pool_window.h"

namespace convlens {

/// y = the mean of x under the window. With `count_include_pad` the padding's zeros are counted, as far as they lie
/// within the amounts given: what sticks out farther, in ceil_mode, is not. "same" padding is never counted (as in
/// TensorFlow).
struct AvgPool2dParams final : Params {
  PoolWindow window;
  bool count_include_pad = true;

  void describe(ParamVisitor& v) override;
};

struct AvgPool2dSizes {
  explicit AvgPool2dSizes(const Problem& problem);

  WindowAxis y, x;
  bool count_padding;
};

/// How many elements of one axis the sum at an output is divided by; the divisor is the product of both axes' counts.
int64_t avg_pool2d_count(const WindowAxis& axis, int64_t output, bool count_padding);

}  // namespace convlens
