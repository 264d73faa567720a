#pragma once

#include "kernels/base/operator.h"

namespace convlens {

/// All channels of an image weighed pixel by pixel. Inputs: features N x C x H x W, and the mask, N x 1 x H x W or one
/// for all images, 1 x 1 x H x W. No parameters.
struct MaskParams final : Params {
  void describe(ParamVisitor&) override {}
};

}  // namespace convlens
