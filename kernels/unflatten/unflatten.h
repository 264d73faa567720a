#pragma once

#include "kernels/base/operator.h"

namespace convlens {

/// N x (C H W) x 1 x 1 as N x C x H x W, in the order C, H, W: what flatten does, undone.
struct UnflattenParams final : Params {
  int64_t channels = 1, height = 1, width = 1;

  void describe(ParamVisitor& v) override;
};

}  // namespace convlens
