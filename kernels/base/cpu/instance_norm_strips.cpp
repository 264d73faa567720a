#include "kernels/base/cpu/instance_norm_strips.h"

#include <algorithm>
#include <cmath>

namespace convlens {

void strip_statistics(const ChannelStrip& strip, const float* x, double eps, InstanceStatistics* statistics) {
  const StripSums sums = strip_sums(strip, x, x);
  const double pixels = static_cast<double>(strip.pixels);
  for (int64_t i = 0; i < strip.channels; ++i) {
    const double mean = sums.g[i] / pixels;
    const double variance = std::max(sums.gx[i] / pixels - mean * mean, 0.0);
    statistics[i] = {mean, 1 / std::sqrt(variance + eps)};
  }
}

void instance_statistics(const TensorDesc& desc, double eps, const float* x, InstanceStatistics* statistics) {
  const ChannelStrips strips(desc);
  parallel_for(strips.count(), [&](int64_t k) {
    const ChannelStrip strip = strips[k];
    strip_statistics(strip, x, eps, statistics + strip.n * desc.shape.c() + strip.channel);
  });
}

void strip_gradients(const ChannelStrip& strip, const float* grad_y, const float* x,
                     const InstanceStatistics* statistics, InstanceGradient* gradients) {
  const StripSums sums = strip_sums(strip, grad_y, x);
  for (int64_t i = 0; i < strip.channels; ++i)
    gradients[i] = {sums.g[i], (sums.gx[i] - statistics[i].mean * sums.g[i]) * statistics[i].inverse_std};
}

void instance_gradients(const TensorDesc& desc, const float* grad_y, const float* x, const std::byte* saved,
                        InstanceGradient* gradients) {
  const ChannelStrips strips(desc);
  const auto* statistics = reinterpret_cast<const InstanceStatistics*>(saved);
  parallel_for(strips.count(), [&](int64_t k) {
    const ChannelStrip strip = strips[k];
    const int64_t first = strip.n * desc.shape.c() + strip.channel;
    strip_gradients(strip, grad_y, x, statistics + first, gradients + first);
  });
}

}  // namespace convlens
