#pragma once

#include "kernels/base/operator.h"

namespace convlens {

/// The identity: dropout acts in training alone. It is kept so that a published graph keeps its layers' names.
struct DropoutParams final : Params {
  double p = 0.5;
  void describe(ParamVisitor& v) override;
};

}  // namespace convlens
