#pragma once

#include "kernels/base/interval.h"
#include "kernels/base/operator.h"

namespace convlens {

/// y = min(max(x, min), max), each element for itself: torch.clamp.
struct ClampParams final : Params {
  std::optional<double> min, max;

  void describe(ParamVisitor& v) override;
};

inline Interval clamp_interval(const ClampParams& params) { return {params.min, params.max}; }

}  // namespace convlens
