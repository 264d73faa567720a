#pragma once

#include "kernels/base/tensor.h"

namespace convlens {

/// Mean and 1 / sqrt(variance + eps) over the pixels of one channel of one image; the variance is the biased one.
struct InstanceStatistics {
  double mean, inverse_std;
};

/// What the instance norms save in their forward pass for the backward ones: InstanceStatistics of image n's channel c
/// at place n * C + c, in double whatever the tensors' type and layout, the same for all variants and devices.
inline size_t instance_statistics_bytes(const TensorDesc& input) {
  return static_cast<size_t>(input.shape.n() * input.shape.c()) * sizeof(InstanceStatistics);
}

/// For one channel of one image: sum of dL/dy and of dL/dy (x - mean) * inverse_std, which are also dL/dbias and
/// dL/dweight of that image.
struct InstanceGradient {
  double shift, scale;
};

}  // namespace convlens
