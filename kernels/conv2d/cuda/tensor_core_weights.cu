#include "kernels/conv2d/cuda/tensor_core_weights.h"

#include "kernels/base/cuda/blocks.h"

namespace convlens {
namespace {

// A thread a weight, in the order in which the sums lie.
__global__ void __launch_bounds__(element_threads)
    add_parts(int filters, int channels, int taps, const float* __restrict__ sums, float* __restrict__ grad_w,
              int parts) {
  const int64_t i = element_index(), weights = int64_t{filters} * taps * channels;
  if (i >= weights) return;
  float sum = 0.0F;
  for (int part = 0; part < parts; ++part) sum += sums[part * weights + i];
  const int channel = static_cast<int>(i % channels), tap = static_cast<int>(i / channels % taps);
  const int64_t filter = i / channels / taps;
  grad_w[(filter * channels + channel) * taps + tap] = sum;
}

}  // namespace

void add_tap_sums(const ConvSizes& s, const float* sums, int parts, float* grad_w) {
  const int taps = s.kernel_height * s.kernel_width;
  simt::launch(one_thread_each(int64_t{s.out_channels} * taps * s.in_channels), add_parts, s.out_channels,
               s.in_channels, taps, sums, grad_w, parts);
}

}  // namespace convlens
