#pragma once

#include "kernels/base/operator.h"

namespace convlens {

/// y = the sum of two or more tensors of one shape. No parameters.
struct AddParams final : Params {
  void describe(ParamVisitor&) override {}
};

}  // namespace convlens
