#pragma once

#include "kernels/simt/simt.h"

namespace convlens {

/// A block's share of C = A B: a tile of 64 x 64 results by 16 x 16 threads, each with 4 x 4 of them in registers.
/// Slices of A and B, 8 deep, go through shared memory, where a value that was loaded once serves 64 results. Of each
/// slice a thread reads 8 numbers from shared memory for 16 multiplications, in two loads of 16 bytes.
struct GemmTile {
  static constexpr int size = 64, depth = 8, side = 16, per_thread = 4, threads = side * side;
  static constexpr int blocks =
      2;  ///< of a multiprocessor, at least: leaves 128 registers a thread, as more would spill
  static constexpr int padded = size + 4;  ///< stores of a slice that is contiguous in k touch 32 different banks
};

/// Blocks that cover so many rows or columns.
inline unsigned gemm_tiles(int64_t extent) {
  return static_cast<unsigned>((extent + GemmTile::size - 1) / GemmTile::size);
}

/// An operand's element: its `value(row, k)`, or what lies at its `address(row, k)`, zero where that is null.
template <class Operand>
__device__ float element(const Operand& operand, int row, int k) {
  if constexpr (requires { operand.value(row, k); }) {
    return operand.value(row, k);
  } else {
    const float* address = operand.address(row, k);
    return address ? *address : 0.0F;
  }
}

/// Loads one slice into shared memory as [k][row]. The operand's constant `contiguous_in_k` says along which of the two
/// its memory runs, so that neighbouring threads load neighbours.
template <class Operand>
__device__ void load_slice(const Operand& operand, int first_row, int rows, int first_k, int depth,
                           float (*slice)[GemmTile::padded]) {
  constexpr int loads = GemmTile::size * GemmTile::depth / GemmTile::threads;
  const int thread = threadIdx.x;
#pragma unroll
  for (int load = 0; load < loads; ++load) {
    const int i = load * GemmTile::threads + thread;
    const int k = Operand::contiguous_in_k ? i % GemmTile::depth : i / GemmTile::size;
    const int row = Operand::contiguous_in_k ? i / GemmTile::depth : i % GemmTile::size;
    const bool inside = first_row + row < rows && first_k + k < depth;
    slice[k][row] = inside ? element(operand, first_row + row, first_k + k) : 0.0F;
  }
}

/// A thread's share of a tile.
using GemmSums = float[GemmTile::per_thread][GemmTile::per_thread];

/// Adds the products of two slices to sums[i][j], for rows 4 * (thread / 16) + i and columns 4 * (thread % 16) + j of
/// the tile.
__device__ inline void multiply_slices(const float (*a_slice)[GemmTile::padded],
                                       const float (*b_slice)[GemmTile::padded], GemmSums& sums) {
  const int y = threadIdx.x / GemmTile::side, x = threadIdx.x % GemmTile::side;
#pragma unroll
  for (int k = 0; k < GemmTile::depth; ++k) {
    const float4 p = *reinterpret_cast<const float4*>(&a_slice[k][y * GemmTile::per_thread]);
    const float4 q = *reinterpret_cast<const float4*>(&b_slice[k][x * GemmTile::per_thread]);
    const float left[] = {p.x, p.y, p.z, p.w}, right[] = {q.x, q.y, q.z, q.w};
#pragma unroll
    for (int i = 0; i < GemmTile::per_thread; ++i)
#pragma unroll
      for (int j = 0; j < GemmTile::per_thread; ++j) sums[i][j] += left[i] * right[j];
  }
}

/// The slices of A and B in shared memory.
using GemmSlices = float[2][GemmTile::depth][GemmTile::padded];

/// Adds to `sums` the thread's share of the tile of A B (A: rows x depth, B: depth x columns) from first_row and
/// first_column on. To be called by all threads of the block. The order of additions depends on nothing but the sizes.
template <class A, class B>
__device__ void multiply_tile(const A& a, const B& b, int rows, int columns, int depth, int first_row, int first_column,
                              GemmSlices& slices, GemmSums& sums) {
  for (int first_k = 0; first_k < depth; first_k += GemmTile::depth) {
    load_slice(a, first_row, rows, first_k, depth, slices[0]);
    load_slice(b, first_column, columns, first_k, depth, slices[1]);
    __syncthreads();
    multiply_slices(slices[0], slices[1], sums);
    __syncthreads();
  }
}

/// multiply_tile of A and its own transpose, from first_row on in both: one slice serves as both operands.
template <class A>
__device__ void square_tile(const A& a, int rows, int depth, int first_row, GemmSlices& slices, GemmSums& sums) {
  for (int first_k = 0; first_k < depth; first_k += GemmTile::depth) {
    load_slice(a, first_row, rows, first_k, depth, slices[0]);
    __syncthreads();
    multiply_slices(slices[0], slices[0], sums);
    __syncthreads();
  }
}

/// Hands each result of a tile that lies inside to store(row, column, sum), so that neighbouring threads have
/// neighbouring columns: a thread's own 4 columns would go out 16 bytes apart, in 4 times as many sectors. They pass,
/// of each group of 4 rows one at a time, through the slices, which nobody may need any more.
template <class Store>
__device__ void store_tile(const GemmSums& sums, int rows, int columns, int first_row, int first_column,
                           GemmSlices& slices, const Store& store) {
  static_assert(sizeof(GemmSlices) == sizeof(float) * GemmTile::side * GemmTile::padded);
  float(*stage)[GemmTile::padded] = slices[0];
  const int y = threadIdx.x / GemmTile::side, x = threadIdx.x % GemmTile::side;
  const int column = threadIdx.x % GemmTile::size, first_y = threadIdx.x / GemmTile::size;
#pragma unroll
  for (int i = 0; i < GemmTile::per_thread; ++i) {
    *reinterpret_cast<float4*>(&stage[y][x * GemmTile::per_thread]) =
        make_float4(sums[i][0], sums[i][1], sums[i][2], sums[i][3]);
    __syncthreads();
#pragma unroll
    for (int j = 0; j < GemmTile::per_thread; ++j) {
      const int from = first_y + j * GemmTile::per_thread, row = first_row + from * GemmTile::per_thread + i;
      if (row < rows && first_column + column < columns) store(row, first_column + column, stage[from][column]);
    }
    __syncthreads();
  }
}

/// A tile of A B, result by result to `store`. To be called by all threads of the block.
template <class A, class B, class Store>
__device__ void gemm_tile_to(const A& a, const B& b, int rows, int columns, int depth, int first_row, int first_column,
                             const Store& store) {
  alignas(16) __shared__ GemmSlices slices;
  GemmSums sums = {};
  multiply_tile(a, b, rows, columns, depth, first_row, first_column, slices, sums);
  store_tile(sums, rows, columns, first_row, first_column, slices, store);
}

/// gemm_tile_to for kernels that leave open how a block makes its tile; `somewhere` is any address in global memory.
struct RegisterTile {
  template <class A, class B, class Store>
  static __device__ void multiply(const A& a, const B& b, int rows, int columns, int depth, int first_row,
                                  int first_column, const float* /*somewhere*/, const Store& store) {
    gemm_tile_to(a, b, rows, columns, depth, first_row, first_column, store);
  }
};

}  // namespace convlens
