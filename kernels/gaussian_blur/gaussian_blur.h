#pragma once

#include <vector>

#include "kernels/base/operator.h"

namespace convlens {

/// What lies outside of the image: zeros, or the image reflected in its edge elements.
enum class BlurBorder { zero, reflect };

/// Each channel convolved with a Gaussian of standard deviation sigma, in pixels.
struct GaussianBlurParams final : Params {
  double sigma = 1;
  BlurBorder border = BlurBorder::reflect;

  void describe(ParamVisitor& v) override;
};

/// The normalised weights of the pixels 0, 1, .. radius away; radius = floor(4 sigma + 1/2).
std::vector<double> gaussian_weights(double sigma);

/// Share of input `i` in output `o` along an axis of `size`. Nothing is shared by those more than the radius apart.
double blur_share(const std::vector<double>& weights, BlurBorder border, int64_t size, int64_t o, int64_t i);

}  // namespace convlens
