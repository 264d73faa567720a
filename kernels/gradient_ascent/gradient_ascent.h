#pragma once

#include <optional>

#include "kernels/base/update.h"

namespace convlens {

/// What a step's direction is divided by: nothing, the mean of its absolute values, its standard deviation, or its
/// Euclidean norm.
enum class StepNormalisation { none, mean_abs, std, l2 };

/// x = clip(x + lr d / s), d = g - weight_decay x, for each image; s normalises d.
struct GradientAscentParams final : Params {
  double lr = 1, weight_decay = 0;
  StepNormalisation normalisation = StepNormalisation::none;
  std::optional<double> min, max;

  void describe(ParamVisitor& v) override;
};

}  // namespace convlens
