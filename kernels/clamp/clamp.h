#pragma once

#include "kernels/base/operator.h"

namespace convlens {

/// y = min(max(x, min), max), each element for itself: torch.clamp.
struct ClampParams final : Params {
  std::optional<double> min, max;

  void describe(ParamVisitor& v) override;
};

/// The interval [low, high], infinite where a limit is not given.
struct ClampInterval {
  explicit ClampInterval(const ClampParams& params);
  double low, high;
};

}  // namespace convlens
