#pragma once

#include "kernels/base/variant.h"

namespace convlens {

/// What becomes of an image's squared differences.
enum class MseReduction { sum, mean };

/// The squared distance of each image's features from the weights' `target`, C x H x W; N x 1 x 1 x 1. As
/// torch.nn.functional.mse_loss, image by image.
struct MseLossParams final : Params {
  MseReduction reduction = MseReduction::mean;

  void describe(ParamVisitor& v) override;
};

/// 1, or 1 / (C H W) for the mean.
double mse_loss_factor(const Problem& problem);

}  // namespace convlens
