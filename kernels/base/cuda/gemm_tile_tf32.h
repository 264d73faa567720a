#pragma once

#include "kernels/base/cuda/gemm_tile_async.h"
#include "kernels/simt/tensor_core.h"

// The tile of gemm_tile.h on tensor cores. Each of its 8 warps makes 32 x 16 results, as 2 x 2 products of
// mma.m16n8k8, whose inputs are rounded to TF32 (10 bits of mantissa) and whose sums are f32.

namespace convlens {

/// A lane's share of the tile: for each of 2 x 2 products the registers of mma's C.
using TensorSums = float[2][2][4];

/// The first row and column of a warp's results.
__device__ inline int warp_row() { return threadIdx.x / 32 / 4 * 32; }
__device__ inline int warp_column() { return threadIdx.x / 32 % 4 * 16; }

/// Adds the products of two slices. Which 4 of the 8 k a register holds is free, if A and B agree: here columns t and
/// t + 4 of mma's A are 2 t and 2 t + 1 of the slice, so that the lanes of a load touch 32 banks: 8 t + g.
__device__ inline void multiply_slices_tf32(const float (*a_slice)[GemmTile::padded],
                                            const float (*b_slice)[GemmTile::padded], TensorSums& sums) {
  const int g = threadIdx.x % 32 / 4, t = threadIdx.x % 4;
  uint32_t b[2][2];
#pragma unroll
  for (int n = 0; n < 2; ++n)
#pragma unroll
    for (int i = 0; i < 2; ++i) b[n][i] = simt::to_tf32(b_slice[2 * t + i][warp_column() + 8 * n + g]);
#pragma unroll
  for (int m = 0; m < 2; ++m) {
    uint32_t a[4];
#pragma unroll
    for (int i = 0; i < 4; ++i) a[i] = simt::to_tf32(a_slice[2 * t + i / 2][warp_row() + 16 * m + 8 * (i % 2) + g]);
#pragma unroll
    for (int n = 0; n < 2; ++n) simt::mma_m16n8k8_tf32(sums[m][n], a, b[n]);
  }
}

/// As store_tile, 16 rows of the tile at a time: those that the 4 warps of one row of warps have in one product.
template <class Store>
__device__ void store_tensor_tile(const TensorSums& sums, int rows, int columns, int first_row, int first_column,
                                  GemmSlices& slices, const Store& store) {
  float(*stage)[GemmTile::padded] = slices[0];
  const int g = threadIdx.x % 32 / 4, t = threadIdx.x % 4;
  const int column = threadIdx.x % GemmTile::size, first_y = threadIdx.x / GemmTile::size;
#pragma unroll
  for (int part = 0; part < GemmTile::size; part += 16) {
    if (warp_row() == part / 32 * 32)
#pragma unroll
      for (int n = 0; n < 2; ++n)
#pragma unroll
        for (int i = 0; i < 4; ++i)
          stage[g + 8 * (i / 2)][warp_column() + 8 * n + 2 * t + i % 2] = sums[part % 32 / 16][n][i];
    __syncthreads();
#pragma unroll
    for (int y = first_y; y < 16; y += GemmTile::threads / GemmTile::size)
      if (first_row + part + y < rows && first_column + column < columns)
        store(first_row + part + y, first_column + column, stage[y][column]);
    __syncthreads();
  }
}

/// gemm_tile_async_to on tensor cores.
template <class A, class B, class Store>
__device__ void gemm_tile_tf32_to(const A& a, const B& b, int rows, int columns, int depth, int first_row,
                                  int first_column, const float* somewhere, const Store& store) {
  alignas(16) __shared__ GemmSlices slices[2];
  TensorSums sums = {};
  stream_slices(depth, slices, send_slices_of(a, b, rows, columns, depth, first_row, first_column, somewhere),
                [&](const GemmSlices& present) { multiply_slices_tf32(present[0], present[1], sums); });
  store_tensor_tile(sums, rows, columns, first_row, first_column, slices[0], store);
}

/// As RegisterTile.
struct Tf32Tile {
  template <class A, class B, class Store>
  static __device__ void multiply(const A& a, const B& b, int rows, int columns, int depth, int first_row,
                                  int first_column, const float* somewhere, const Store& store) {
    gemm_tile_tf32_to(a, b, rows, columns, depth, first_row, first_column, somewhere, store);
  }
};

}  // namespace convlens
