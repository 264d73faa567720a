#pragma once

#include <cstdint>

namespace convlens {

/// grad_bias[o] = sum over n of grad_y[n * step + o].
void linear_backward_bias(int batch, int out_features, int64_t step, const float* grad_y, float* grad_bias);

}  // namespace convlens
