#pragma once

#include "kernels/simt/simt.h"

namespace convlens {

/// The sum over the lanes of a full warp, in lane 0; always in the same order.
__device__ inline float warp_sum(float value) {
  for (int distance = 16; distance > 0; distance /= 2) value += __shfl_down_sync(0xffffffffU, value, distance);
  return value;
}

}  // namespace convlens
