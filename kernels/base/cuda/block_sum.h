#pragma once

#include "kernels/base/cuda/warp_sum.h"

namespace convlens {

/// The sum over all threads of a block of `warps` full warps, in every thread; always in the same order. To be called
/// by all.
template <int warps>
__device__ float block_sum(float value) {
  __shared__ float sums[warps];
  value = warp_sum(value);
  if (threadIdx.x % 32 == 0) sums[threadIdx.x / 32] = value;
  __syncthreads();
  float total = 0.0F;
#pragma unroll
  for (int warp = 0; warp < warps; ++warp) total += sums[warp];
  __syncthreads();  // nobody writes the next sums while these are read
  return total;
}

}  // namespace convlens
