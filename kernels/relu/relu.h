#pragma once

#include "kernels/base/operator.h"

namespace convlens {

/// y = x where x > 0, else negative_slope * x; and no more than max_value. Covers ReLU, ReLU6 and leaky ReLU.
struct ReluParams final : Params {
  double negative_slope = 0;
  std::optional<double> max_value;

  void describe(ParamVisitor& v) override;
};

/// Bytes of the mask that the forward pass saves: bit i % 8 of byte i / 8 says whether element i, in the order of the
/// output's memory, lies on the slope 1: 0 < x < max_value.
size_t relu_mask_bytes(const TensorDesc& output);

}  // namespace convlens
