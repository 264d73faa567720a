#pragma once

#include "kernels/base/cpu/channel_strips.h"
#include "kernels/base/cpu/parallel.h"
#include "kernels/base/instance_statistics.h"

namespace convlens {

// What the instance norms on the CPU have in common: y = scale (x - mean) * inverse_std + shift, where scale(n, c) and
// shift(n, c) are functions. Both passes read the input twice, the second time from the cache when a strip fits in it.

/// Statistics in one read: sums of x and x^2 in double, in which squares of floats are exact.
void strip_statistics(const ChannelStrip& strip, const float* x, double eps, InstanceStatistics* statistics);

/// statistics[n * C + c] for every channel of every image.
void instance_statistics(const TensorDesc& desc, double eps, const float* x, InstanceStatistics* statistics);

/// dL/dx of a loss that depends on mean and standard deviation alone: dL/dmean / P + dL/dstd slope xhat. `gradient(n,
/// c)` has the derivatives by the mean, `shift`, and by the standard deviation, `scale`.
template <class Gradient>
void instance_statistics_backward(const TensorDesc& desc, const CorrectedStd& std, const Gradient& gradient,
                                  const float* x, const InstanceStatistics* statistics, float* grad_x) {
  const ChannelStrips strips(desc);
  parallel_for(strips.count(), [&](int64_t k) {
    const ChannelStrip strip = strips[k];
    StripAffine affine;
    for (int64_t i = 0; i < strip.channels; ++i) {
      const InstanceGradient own = gradient(strip.n, strip.channel + i);
      const InstanceStatistics& s = statistics[strip.n * desc.shape.c() + strip.channel + i];
      affine.set(i, own.scale * std.slope() * s.inverse_std, s.mean, own.shift / static_cast<double>(strip.pixels));
    }
    apply_to_strip(strip, affine, x, grad_x);
  });
}

/// `saved` may be null.
template <class Scale, class Shift>
void instance_norm_forward(const TensorDesc& desc, double eps, const Scale& scale, const Shift& shift, const float* x,
                           float* y, std::byte* saved) {
  const ChannelStrips strips(desc);
  parallel_for(strips.count(), [&](int64_t k) {
    const ChannelStrip strip = strips[k];
    InstanceStatistics statistics[ChannelStrip::max_width];
    strip_statistics(strip, x, eps, statistics);
    StripAffine affine;
    for (int64_t i = 0; i < strip.channels; ++i) {
      const int64_t c = strip.channel + i;
      affine.set(i, scale(strip.n, c) * statistics[i].inverse_std, statistics[i].mean, shift(strip.n, c));
      if (saved) reinterpret_cast<InstanceStatistics*>(saved)[strip.n * desc.shape.c() + c] = statistics[i];
    }
    apply_to_strip(strip, affine, x, y);
  });
}

/// gradients[n * C + c] for every channel of every image.
void instance_gradients(const TensorDesc& desc, const float* grad_y, const float* x, const std::byte* saved,
                        InstanceGradient* gradients);

/// The same for one strip, into gradients[0 .. strip.channels).
void strip_gradients(const ChannelStrip& strip, const float* grad_y, const float* x,
                     const InstanceStatistics* statistics, InstanceGradient* gradients);

/// dL/dx from dL/dy, x and what the forward pass saved; the formula is derived in kernels/instance_norm/README.md.
template <class Scale>
void instance_norm_backward(const TensorDesc& desc, const Scale& scale, const float* grad_y, const float* x,
                            const std::byte* saved, float* grad_x) {
  const ChannelStrips strips(desc);
  const auto* all = reinterpret_cast<const InstanceStatistics*>(saved);
  parallel_for(strips.count(), [&](int64_t k) {
    const ChannelStrip strip = strips[k];
    const InstanceStatistics* statistics = all + strip.n * desc.shape.c() + strip.channel;
    InstanceGradient sums[ChannelStrip::max_width];
    strip_gradients(strip, grad_y, x, statistics, sums);
    StripAffine of_gradient, of_input;
    for (int64_t i = 0; i < strip.channels; ++i) {
      const double factor = scale(strip.n, strip.channel + i) * statistics[i].inverse_std;
      const double pixels = static_cast<double>(strip.pixels);
      of_gradient.set(i, factor, sums[i].shift / pixels, 0);
      of_input.set(i, -factor * statistics[i].inverse_std * sums[i].scale / pixels, statistics[i].mean, 0);
    }
    combine_in_strip(strip, of_gradient, grad_y, of_input, x, grad_x);
  });
}

}  // namespace convlens
