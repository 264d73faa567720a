#include "kernels/base/cuda/backward_bias.h"

#include "kernels/base/cuda/block_sum.h"

namespace convlens {
namespace {

constexpr int warps = 8, threads = 32 * warps;

// One block an output channel.
__global__ void __launch_bounds__(threads) sum_pixels(int batch, int out_channels, int pixels,
                                                      const float* __restrict__ grad_y, float* __restrict__ grad_bias) {
  const int o = blockIdx.x;
  float sum = 0.0F;
  for (int n = 0; n < batch; ++n)
    for (int i = threadIdx.x; i < pixels; i += threads) sum += grad_y[(int64_t{n} * out_channels + o) * pixels + i];
  sum = block_sum<warps>(sum);
  if (threadIdx.x == 0) grad_bias[o] = sum;
}

// One block 32 channels, one a lane, so that a warp reads a pixel's channels side by side; the warps share the pixels.
__global__ void __launch_bounds__(threads)
    sum_pixels_nhwc(int64_t pixels, int out_channels, const float* __restrict__ grad_y, float* __restrict__ grad_bias) {
  __shared__ float sums[warps][32];
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32, o = blockIdx.x * 32 + lane;
  float sum = 0.0F;
  if (o < out_channels)
    for (int64_t i = warp; i < pixels; i += warps) sum += grad_y[i * out_channels + o];
  sums[warp][lane] = sum;
  __syncthreads();
  if (warp > 0 || o >= out_channels) return;
  for (int other = 1; other < warps; ++other) sum += sums[other][lane];
  grad_bias[o] = sum;
}

}  // namespace

void backward_bias(const Shape& y, const float* grad_y, float* grad_bias) {
  simt::launch({.grid = dim3(static_cast<unsigned>(y.c())), .block = dim3(threads)}, sum_pixels,
               static_cast<int>(y.n()), static_cast<int>(y.c()), static_cast<int>(y.h() * y.w()), grad_y, grad_bias);
}

void backward_bias_nhwc(const Shape& y, const float* grad_y, float* grad_bias) {
  simt::launch({.grid = dim3(static_cast<unsigned>((y.c() + 31) / 32)), .block = dim3(threads)}, sum_pixels_nhwc,
               y.n() * y.h() * y.w(), static_cast<int>(y.c()), grad_y, grad_bias);
}

}  // namespace convlens
