#pragma once

#include "kernels/base/operator.h"

namespace convlens {

/// y = (x - running_mean) / sqrt(running_var + eps) * weight + bias, per channel: batch normalization in inference.
/// Weights, in this order: "weight", "bias", "running_mean", "running_var", each C.
struct BatchNormParams final : Params {
  double eps = 1e-5;

  void describe(ParamVisitor& v) override;
};

/// Where the four tensors of weights are in Problem::weights and Arguments.
enum BatchNormWeight : size_t { bn_weight, bn_bias, bn_running_mean, bn_running_var };

}  // namespace convlens
