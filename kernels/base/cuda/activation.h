#pragma once

#include <limits>

#include "kernels/base/operator.h"
#include "kernels/simt/simt.h"

namespace convlens {

/// Activation as a kernel takes it. Without one it changes nothing.
struct ActivationLimits {
  float slope = 1, max = std::numeric_limits<float>::infinity();

  __device__ float operator()(float x) const {
    const float y = x > 0 ? x : slope * x;
    return y > max ? max : y;
  }
};

inline ActivationLimits activation_limits(const std::optional<Activation>& activation) {
  if (!activation) return {};
  return {static_cast<float>(activation->negative_slope), static_cast<float>(activation->max_value)};
}

}  // namespace convlens
