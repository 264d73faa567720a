#pragma once

#include "kernels/base/operator.h"

namespace convlens {

/// y_c = e^x_c / sum over i of e^x_i, over the channels of each pixel.
struct SoftmaxParams final : Params {
  void describe(ParamVisitor&) override {}
};

}  // namespace convlens
