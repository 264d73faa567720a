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

}  // namespace

void backward_bias(const Shape& y, const float* grad_y, float* grad_bias) {
  simt::launch({.grid = dim3(static_cast<unsigned>(y.c())), .block = dim3(threads)}, sum_pixels,
               static_cast<int>(y.n()), static_cast<int>(y.c()), static_cast<int>(y.h() * y.w()), grad_y, grad_bias);
}

}  // namespace convlens
