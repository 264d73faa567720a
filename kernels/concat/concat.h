#pragma once

#include "kernels/base/operator.h"

namespace convlens {

/// y = the inputs' channels one after another. No parameters.
struct ConcatParams final : Params {
  void describe(ParamVisitor&) override {}
};

}  // namespace convlens
