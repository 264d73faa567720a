#pragma once

#include "kernels/base/cuda/block_sum.h"
#include "kernels/base/cuda/blocks.h"
#include "kernels/base/instance_statistics.h"

/// What the instance norms share: one channel of one image, by a block of element_threads threads, all of which call.

namespace convlens {

/// Of some numbers: how many, their mean, and the sum of their squared distances from it. Numbers are added as Welford
/// 1962 says, and two such are merged as Chan, Golub and LeVeque 1979 say, so that nothing cancels.
struct Moments {
  float count = 0.0F, mean = 0.0F, squares = 0.0F;

  __device__ void add(float x) {
    count += 1.0F;
    const float distance = x - mean;
    mean += distance / count;
    squares += distance * (x - mean);
  }
  __device__ void merge(const Moments& other) {
    const float total = count + other.count;
    if (total == 0.0F) return;
    const float distance = other.mean - mean, share = other.count / total;
    mean += distance * share;
    squares += other.squares + distance * distance * count * share;
    count = total;
  }
  __device__ float inverse_std(float eps) const { return 1.0F / sqrtf(squares / count + eps); }
};

/// Those of all threads' numbers, in every thread: first within warps by shuffles, then between them. Once a kernel.
__device__ inline Moments moments_of_block(Moments own) {
  constexpr int warps = element_threads / 32;
  __shared__ Moments of_warps[warps];
  for (int distance = 16; distance > 0; distance /= 2) {
    Moments other;
    other.count = __shfl_down_sync(0xffffffffU, own.count, distance);
    other.mean = __shfl_down_sync(0xffffffffU, own.mean, distance);
    other.squares = __shfl_down_sync(0xffffffffU, own.squares, distance);
    own.merge(other);
  }
  if (threadIdx.x % 32 == 0) of_warps[threadIdx.x / 32] = own;
  __syncthreads();
  Moments all = of_warps[0];
#pragma unroll
  for (int warp = 1; warp < warps; ++warp) all.merge(of_warps[warp]);
  return all;
}

/// Those of a channel's pixels, counted from the first, in every thread. Once a kernel.
__device__ inline Moments moments_of_channel(const float* x, int pixels) {
  const float origin = x[0];
  Moments own;
  for (int i = threadIdx.x; i < pixels; i += element_threads) own.add(x[i] - origin);
  return moments_of_block(own);
}

/// In every thread. Once a kernel.
__device__ inline InstanceStatistics instance_statistics(const float* x, int pixels, float eps) {
  const Moments all = moments_of_channel(x, pixels);
  return {static_cast<double>(x[0]) + all.mean, all.inverse_std(eps)};
}

/// xhat = (x - mean) / sqrt(variance + eps). Both means are counted from `origin`, the channel's first pixel.
struct Normalized {
  __device__ Normalized(const InstanceStatistics& s, float first_pixel)
      : origin(first_pixel),
        mean(static_cast<float>(s.mean - first_pixel)),
        inverse_std(static_cast<float>(s.inverse_std)) {}
  __device__ float operator()(float x) const { return inverse_std * (x - origin - mean); }
  float origin, mean, inverse_std;
};

/// y = gamma xhat + beta. One pass over memory for mean and variance, one to normalize. `saved` may be null.
__device__ inline void instance_norm(const float* x, int pixels, float eps, float gamma, float beta, float* y,
                                     InstanceStatistics* saved) {
  const float origin = x[0];
  const Moments all = moments_of_channel(x, pixels);
  if (saved && threadIdx.x == 0) *saved = {static_cast<double>(origin) + all.mean, all.inverse_std(eps)};
  const float scale = gamma * all.inverse_std(eps);
  for (int i = threadIdx.x; i < pixels; i += element_threads) y[i] = scale * (x[i] - origin - all.mean) + beta;
}

/// dL/dx = shift + slope * xhat of a loss that depends on mean and standard deviation alone (CorrectedStd).
__device__ inline void instance_statistics_backward(const float* x, int pixels, const InstanceStatistics& saved,
                                                    float shift, float slope, float* grad_x) {
  const Normalized normalized(saved, x[0]);
  for (int i = threadIdx.x; i < pixels; i += element_threads) grad_x[i] = slope * normalized(x[i]) + shift;
}

/// Sums over pixels of dL/dy and of xhat dL/dy, which are also dL/dbeta and dL/dgamma.
struct GradientSums {
  float shift = 0.0F, scale = 0.0F;

  /// This thread's share of a channel.
  __device__ void add(const float* x, const float* grad_y, int pixels, const Normalized& normalized) {
    for (int i = threadIdx.x; i < pixels; i += element_threads) {
      shift += grad_y[i];
      scale += grad_y[i] * normalized(x[i]);
    }
  }
  /// Of all threads, in every one.
  __device__ GradientSums of_block() const {
    constexpr int warps = element_threads / 32;
    GradientSums all;
    all.shift = block_sum<warps>(shift);
    all.scale = block_sum<warps>(scale);
    return all;
  }
};

/// dL/dx = gamma inverse_std (dL/dy - mean of dL/dy - xhat * mean of (xhat dL/dy)); kernels/instance_norm derives it.
__device__ inline void instance_norm_backward(const float* x, const float* grad_y, int pixels,
                                              const InstanceStatistics& saved, float gamma, float* grad_x) {
  const Normalized normalized(saved, x[0]);
  GradientSums own;
  own.add(x, grad_y, pixels, normalized);
  const GradientSums sums = own.of_block();
  const float mean = sums.shift / static_cast<float>(pixels), mean_product = sums.scale / static_cast<float>(pixels);
  const float scale = gamma * normalized.inverse_std;
  for (int i = threadIdx.x; i < pixels; i += element_threads)
    grad_x[i] = scale * (grad_y[i] - mean - normalized(x[i]) * mean_product);
}

}  // namespace convlens
