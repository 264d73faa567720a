#pragma once

#include "kernels/base/update.h"

namespace convlens {

/// Stochastic gradient descent with momentum.
struct SgdParams final : Params {
  double lr = 1e-2, momentum = 0, weight_decay = 0;
  bool nesterov = false;

  void describe(ParamVisitor& v) override;
};

}  // namespace convlens
