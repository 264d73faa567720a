#pragma once

#include "kernels/base/operator.h"

namespace convlens {

/// y = 1 / (1 + e^-x), each element for itself.
struct SigmoidParams final : Params {
  void describe(ParamVisitor&) override {}
};

}  // namespace convlens
