#pragma once

#include "kernels/base/operator.h"
#include "kernels/base/window.h"

namespace convlens {

/// 2-D convolution (cross-correlation, as in PyTorch) of N x C x H x W with `out_channels` filters of
/// C/groups x kh x kw. Weights: "weight" O x C/groups x kh x kw, and "bias" O if `bias`.
struct Conv2dParams final : Params {
  int64_t out_channels = 0;
  Window window;
  int64_t groups = 1;
  bool bias = true;

  void describe(ParamVisitor& v) override;
};

/// All sizes of a convolution, named as in the formulas of README.md.
struct Conv2dSizes {
  explicit Conv2dSizes(const Problem& problem);
  int64_t batch, in_channels, out_channels, groups;
  int64_t group_in, group_out;  ///< channels of one group
  WindowAxis y, x;
};

}  // namespace convlens
