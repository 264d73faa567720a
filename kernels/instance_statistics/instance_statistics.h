#pragma once

#include "kernels/base/operator.h"

namespace convlens {

/// Mean and standard deviation sqrt(variance + eps) of each channel of each image over its P pixels: N x 2C x 1 x 1,
/// the means first. The variance is the sum of squared distances divided by P - correction.
struct InstanceStatisticsParams final : Params {
  double eps = 1e-5;
  int64_t correction = 1;

  void describe(ParamVisitor& v) override;
};

}  // namespace convlens
