#pragma once

#include "kernels/simt/simt.h"

namespace convlens {

/// The sum over the lanes of a full warp, in lane 0; always in the same order.
__device__ inline float warp_sum(float value) {
  for (int distance = 16; distance > 0; distance /= 2) value += __shfl_down_sync(0xffffffffU, value, distance);
  return value;
}

/// The same in every lane: both partners of an exchange add the same two numbers, so all have the same bits.
__device__ inline float warp_sum_to_all(float value) {
  for (int distance = 16; distance > 0; distance /= 2) value += __shfl_xor_sync(0xffffffffU, value, distance);
  return value;
}

__device__ inline float warp_max_to_all(float value) {
  for (int distance = 16; distance > 0; distance /= 2) {
    const float other = __shfl_xor_sync(0xffffffffU, value, distance);
    value = other > value ? other : value;
  }
  return value;
}

}  // namespace convlens
