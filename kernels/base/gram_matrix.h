#pragma once

#include "kernels/base/operator.h"

namespace convlens {

/// What the Gram matrix of C channels of H x W pixels is divided by.
enum class GramDivisor { chw, hw, none };

/// G = F F^T / divisor for each image, F being its features as a matrix of C rows and H*W columns.
/// (Gatys, Ecker and Bethge, "Texture Synthesis Using Convolutional Neural Networks", 2015)
struct GramParams : Params {
  GramDivisor divisor = GramDivisor::chw;

  void describe(ParamVisitor& v) override;
};

/// Of a problem with these features.
double gram_divisor(const GramParams& params, const Shape& features);

}  // namespace convlens
