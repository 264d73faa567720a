#pragma once

#include "kernels/base/instance_statistics.h"
#include "kernels/base/operator.h"

namespace convlens {

/// y = (x - m) / sqrt(v + eps) * weight + bias with the mean m and the (biased) variance v of each channel over the
/// batch: batch normalization in training. Weights: "weight", "bias", each C. The forward pass saves the statistics of
/// channel c, in double, at place c.
struct BatchNormTrainParams final : Params {
  double eps = 1e-5;

  void describe(ParamVisitor& v) override;
};

/// Numbers that a channel has in the batch.
inline int64_t batch_norm_count(const Shape& shape) { return shape.n() * shape.h() * shape.w(); }

}  // namespace convlens
