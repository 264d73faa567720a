#pragma once

#include "kernels/base/update.h"

namespace convlens {

/// The mean of what is observed, the newest counting most: what batch norm keeps of its batches' statistics.
struct RunningAverageParams final : Params {
  double momentum = 0.1;

  void describe(ParamVisitor& v) override;
};

}  // namespace convlens
