#pragma once

#include "kernels/base/operator.h"

namespace convlens {

enum class UpsampleMode { nearest, bilinear };

/// The input enlarged by whole numbers, as PyTorch's `nn.Upsample`. `align_corners` is for bilinear alone.
struct UpsampleParams final : Params {
  Pair scale{1, 1};
  UpsampleMode mode = UpsampleMode::nearest;
  bool align_corners = false;

  void describe(ParamVisitor& v) override;
};

/// Along one axis an output is (1 - weight) x[low] + weight x[high].
struct Interpolation {
  int64_t low, high;
  double weight;
};
Interpolation upsample_at(const UpsampleParams& params, int64_t inputs, int64_t scale, int64_t output);

}  // namespace convlens
