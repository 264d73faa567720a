#pragma once

#include "kernels/base/operator.h"

namespace convlens {

/// Mean and unbiased variance of each channel over the batch: 2 x C x 1 x 1, the means first.
struct BatchStatisticsParams final : Params {
  void describe(ParamVisitor&) override {}
};

}  // namespace convlens
