#pragma once

#include "kernels/base/operator.h"

namespace convlens {

/// y_c = x_c - log(sum over i of e^x_i), over the channels of each pixel.
struct LogSoftmaxParams final : Params {
  void describe(ParamVisitor&) override {}
};

}  // namespace convlens
