#pragma once

#include "kernels/conv2d/cuda/sizes.h"

namespace convlens {

/// grad_bias[o] = the sum of dL/dy over images and pixels, for every rung.
void backward_bias(const ConvSizes& sizes, const float* grad_y, float* grad_bias);

}  // namespace convlens
