#pragma once

#include <cmath>

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

/// The standard deviation sqrt(S / (P - correction) + eps) over P pixels, S being the sum of their squared distances
/// from the mean, by way of InstanceStatistics, whose variance is S / P: with eps() for its eps, inverse_std is 1 /
/// (std * factor()). So xhat = inverse_std (x - mean) is what instance_norm computes, and dstd/dx = xhat * slope().
class CorrectedStd {
 public:
  CorrectedStd(int64_t pixels, int64_t correction, double eps)
      : pixels_(static_cast<double>(pixels)), divisor_(static_cast<double>(pixels - correction)), eps_(eps) {}

  double eps() const { return eps_ * divisor_ / pixels_; }
  double factor() const { return std::sqrt(divisor_ / pixels_); }
  double slope() const { return 1 / std::sqrt(divisor_ * pixels_); }
  double of(const InstanceStatistics& statistics) const { return 1 / (statistics.inverse_std * factor()); }

 private:
  double pixels_, divisor_, eps_;
};

/// Throws InputError where a channel of `x` has not more pixels than `correction`.
void require_pixels(const Shape& x, int64_t correction);

/// For one channel of one image: sum of dL/dy and of dL/dy (x - mean) * inverse_std, which are also dL/dbias and
/// dL/dweight of that image.
struct InstanceGradient {
  double shift, scale;
};

}  // namespace convlens
