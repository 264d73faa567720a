#pragma once

#include "kernels/base/operator.h"

namespace convlens {

/// N x C x H x W as N x (C H W) x 1 x 1, in the order C, H, W. No parameters.
struct FlattenParams final : Params {
  void describe(ParamVisitor&) override {}
};

}  // namespace convlens
