#pragma once

#include "kernels/base/gram_matrix.h"

namespace convlens {

/// y = weight * sum over a, b of (G[a,b] - A[a,b])^2 for each image, N x 1 x 1 x 1: G is the Gram matrix of its
/// features, A the weights' `target`, 1 x C x C.
/// (Gatys, Ecker and Bethge, "Texture Synthesis Using Convolutional Neural Networks", 2015, equation 4)
struct GramLossParams final : GramParams {
  double weight = 1;

  void describe(ParamVisitor& v) override;
};

/// weight / divisor: dL/dF = 4 * this * dL/dy * (G - (A + A^T) / 2) F.
double gram_loss_factor(const Problem& problem);

/// What the forward pass saves: G - (A + A^T) / 2 of each image.
size_t gram_loss_notes_bytes(const Problem& problem);

}  // namespace convlens
