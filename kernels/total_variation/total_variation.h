#pragma once

#include "kernels/base/operator.h"

namespace convlens {

/// With dx = x[h,w+1] - x[h,w] and dy = x[h+1,w] - x[h,w], each zero where the neighbour is outside:
/// l1: |dx| + |dy|; l2: dx^2 + dy^2; beta: (dx^2 + dy^2)^(beta/2).
enum class VariationNorm { l1, l2, beta };

/// The sum of that over the channels and pixels of each image: N x 1 x 1 x 1.
/// (beta: Mahendran and Vedaldi, "Understanding Deep Image Representations by Inverting Them", 2015)
struct TotalVariationParams final : Params {
  VariationNorm norm = VariationNorm::l2;
  double beta = 2;

  void describe(ParamVisitor& v) override;
};

}  // namespace convlens
