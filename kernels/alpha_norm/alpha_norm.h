#pragma once

#include "kernels/base/variant.h"

namespace convlens {

/// The sum of |x|^alpha over each image's elements: N x 1 x 1 x 1. 2 is L2 regularisation; 6 keeps the values of an
/// inverted image in range.
/// (Mahendran and Vedaldi, "Understanding Deep Image Representations by Inverting Them", 2015)
struct AlphaNormParams final : Params {
  double alpha = 2;

  void describe(ParamVisitor& v) override;
};

}  // namespace convlens
