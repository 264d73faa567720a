#pragma once

#include "kernels/base/operator.h"

namespace convlens {

/// y = tanh x, each element for itself.
struct TanhParams final : Params {
  void describe(ParamVisitor&) override {}
};

}  // namespace convlens
