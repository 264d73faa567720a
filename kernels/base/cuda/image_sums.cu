#include "kernels/base/cuda/image_sums.h"

namespace convlens {
namespace {

// A block an image.
__global__ void __launch_bounds__(element_threads)
    sum_blocks(const float* __restrict__ parts, float* __restrict__ sums, int64_t count, float factor) {
  float sum = 0.0F;
  for (int64_t i = threadIdx.x; i < count; i += element_threads) sum += parts[blockIdx.x * count + i];
  sum = block_sum<element_threads / 32>(sum);
  if (threadIdx.x == 0) sums[blockIdx.x] = factor * sum;
}

}  // namespace

void sum_parts(const float* parts, float* sums, unsigned images, int64_t count, float factor) {
  simt::launch({.grid = dim3(images), .block = dim3(element_threads)}, sum_blocks, parts, sums, count, factor);
}

}  // namespace convlens
