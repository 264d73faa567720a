#pragma once

#include "kernels/base/operator.h"

namespace convlens {

/// y = (x - mean) / sqrt(variance + eps) * weight + bias, with mean and (biased) variance over the pixels of each
/// channel of each image. Weights if `affine`: "weight" and "bias", each C. What the forward pass saves is described in
/// kernels/base/instance_statistics.h.
struct InstanceNormParams final : Params {
  double eps = 1e-5;
  bool affine = true;

  void describe(ParamVisitor& v) override;
};

}  // namespace convlens
