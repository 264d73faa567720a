#pragma once

#include <optional>

#include "kernels/base/update.h"

namespace convlens {

/// Descent by the gradient's running mean over the root of its running mean square.
/// (Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015)
struct AdamParams final : Params {
  double lr = 1e-3, beta1 = 0.9, beta2 = 0.999, eps = 1e-8;
  std::optional<double> min, max;

  void describe(ParamVisitor& v) override;
};

/// What a step multiplies by, its bias corrected: x = clip(x - rate m / (sqrt(v) * root_scale + eps)).
struct AdamStep {
  double rate;        ///< lr / (1 - beta1^t)
  double root_scale;  ///< 1 / sqrt(1 - beta2^t)
};

}  // namespace convlens
