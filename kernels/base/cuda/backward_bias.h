#pragma once

#include "kernels/base/tensor.h"

namespace convlens {

/// grad_bias[c] = the sum over images and pixels of dL/dy, N x C x H x W in NCHW: for every operator that adds a bias
/// to each channel of its result.
void backward_bias(const Shape& y, const float* grad_y, float* grad_bias);
/// The same of NHWC.
void backward_bias_nhwc(const Shape& y, const float* grad_y, float* grad_bias);

}  // namespace convlens
