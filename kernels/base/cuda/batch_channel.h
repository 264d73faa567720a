#pragma once

#include "kernels/base/cuda/instance_norm.h"

namespace convlens {

/// One channel of a batch in NCHW, by a block of element_threads threads: its numbers lie in a plane an image.
struct BatchChannel {
  int batch, channels, plane;

  explicit BatchChannel(const Shape& shape)
      : batch(static_cast<int>(shape.n())),
        channels(static_cast<int>(shape.c())),
        plane(static_cast<int>(shape.h() * shape.w())) {}

  __device__ float count() const { return static_cast<float>(batch) * static_cast<float>(plane); }
  __device__ int64_t first(int n) const { return (int64_t{n} * channels + blockIdx.x) * plane; }

  /// Calls body(i) for this thread's share of channel blockIdx.x.
  template <class Body>
  __device__ void for_each(const Body& body) const {
    for (int n = 0; n < batch; ++n)
      for (int i = threadIdx.x; i < plane; i += element_threads) body(first(n) + i);
  }

  /// Of all numbers' distances from the channel's first number, in every thread. Once a kernel.
  __device__ Moments moments(const float* x) const {
    const float origin = x[first(0)];
    Moments own;
    for_each([&](int64_t i) { own.add(x[i] - origin); });
    return moments_of_block(own);
  }

  simt::LaunchShape blocks() const {
    return {.grid = dim3(static_cast<unsigned>(channels)), .block = dim3(element_threads)};
  }
};

}  // namespace convlens
