#pragma once

#include "kernels/simt/tensor_core.h"

// A warp's share of a product on tensor cores: 32 x 32 results, made by mma.m16n8k16 of numbers in T (__half or
// __nv_bfloat16), which come from f32 and lie in shared memory two in a register. Sums are f32.

namespace convlens {

/// Of 8 rows the order in which a warp writes them: those that are written together then lie in different banks.
__device__ inline int staggered(int i) { return i / 8 * 8 + i % 2 * 4 + i % 8 / 2; }

/// Four channels of f32 as T.
template <class T>
__device__ uint2 rounded(float4 x) {
  return make_uint2(simt::round_pair<T>(x.x, x.y), simt::round_pair<T>(x.z, x.w));
}

__device__ inline float4 load4(const float* address) {
  return address ? *reinterpret_cast<const float4*>(address) : make_float4(0.0F, 0.0F, 0.0F, 0.0F);
}

/// A warp's sums of 32 x 32 results, as 2 x 4 products of mma.m16n8k16 have them.
using WarpSums = float[2][4][4];

/// Adds the products of 16 k, of which each ldmatrix brings 16 rows of an operand. `a_row` and `b_row` are what this
/// lane names of the warp's first 16 rows; the next 16 lie `step` registers further. `load` is simt::ldmatrix_x4 or its
/// transposing twin.
template <class T, class Load>
__device__ void multiply_warp(const uint32_t* a_row, const uint32_t* b_row, int a_step, int b_step, const Load& load,
                              WarpSums& sums) {
  uint32_t b[2][4];
#pragma unroll
  for (int pair = 0; pair < 2; ++pair) load(b[pair], b_row + pair * b_step);
#pragma unroll
  for (int m = 0; m < 2; ++m) {
    uint32_t a[4];
    load(a, a_row + m * a_step);
#pragma unroll
    for (int n = 0; n < 4; ++n) {
      const uint32_t own[2] = {b[n / 2][n % 2 * 2], b[n / 2][n % 2 * 2 + 1]};
      simt::mma_m16n8k16<T>(sums[m][n], a, own);
    }
  }
}

/// Hands each pair of neighbouring results of a warp's 32 x 32 to store(row, column, left, right). Four lanes have 32
/// bytes of one row: a full sector.
template <class Store>
__device__ void store_pairs(const WarpSums& sums, int first_row, int first_column, const Store& store) {
  const int g = threadIdx.x % 32 / 4, t = threadIdx.x % 4;
#pragma unroll
  for (int m = 0; m < 2; ++m)
#pragma unroll
    for (int n = 0; n < 4; ++n)
#pragma unroll
      for (int half = 0; half < 2; ++half)
        store(first_row + 16 * m + 8 * half + g, first_column + 8 * n + 2 * t, sums[m][n][2 * half],
              sums[m][n][2 * half + 1]);
}

}  // namespace convlens
