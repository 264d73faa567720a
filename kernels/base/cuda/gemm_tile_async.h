#pragma once

#include "kernels/base/cuda/gemm_tile.h"

namespace convlens {

/// Sends one slice on its way into shared memory as [k][row], past the registers (cp.async). `somewhere` is any address
/// in global memory: it is named, but not read, for elements that are zero.
template <class Operand>
__device__ void send_slice(const Operand& operand, int first_row, int rows, int first_k, int depth,
                           const float* somewhere, float (*slice)[GemmTile::padded]) {
  constexpr int loads = GemmTile::size * GemmTile::depth / GemmTile::threads;
  const int thread = threadIdx.x;
#pragma unroll
  for (int load = 0; load < loads; ++load) {
    const int i = load * GemmTile::threads + thread;
    const int k = Operand::contiguous_in_k ? i % GemmTile::depth : i / GemmTile::size;
    const int row = Operand::contiguous_in_k ? i / GemmTile::depth : i % GemmTile::size;
    const bool inside = first_row + row < rows && first_k + k < depth;
    const float* address = inside ? operand.address(first_row + row, first_k + k) : nullptr;
    __pipeline_memcpy_async(&slice[k][row], address ? address : somewhere, sizeof(float), address ? 0 : sizeof(float));
  }
}

/// Calls multiply(slices) for one pair of slices after the other; while the block computes with one, the next is on its
/// way: send(first_k, slices) starts its copies. At the end nobody needs the slices any more.
template <class Send, class Multiply>
__device__ void stream_slices(int depth, GemmSlices (&slices)[2], const Send& send, const Multiply& multiply) {
  send(0, slices[0]);
  __pipeline_commit();
  for (int first_k = 0, slot = 0; first_k < depth; first_k += GemmTile::depth, slot ^= 1) {
    if (first_k + GemmTile::depth < depth) {
      send(first_k + GemmTile::depth, slices[slot ^ 1]);
      __pipeline_commit();
      __pipeline_wait_prior(1);
    } else {
      __pipeline_wait_prior(0);
    }
    __syncthreads();
    multiply(slices[slot]);
    __syncthreads();
  }
}

/// The `send` of stream_slices for a tile of A B whose elements are copied one by one.
template <class A, class B>
__device__ auto send_slices_of(const A& a, const B& b, int rows, int columns, int depth, int first_row,
                               int first_column, const float* somewhere) {
  return [=](int first_k, GemmSlices& slices) {
    send_slice(a, first_row, rows, first_k, depth, somewhere, slices[0]);
    send_slice(b, first_column, columns, first_k, depth, somewhere, slices[1]);
  };
}

/// gemm_tile_to with two slices of each operand.
template <class A, class B, class Store>
__device__ void gemm_tile_async_to(const A& a, const B& b, int rows, int columns, int depth, int first_row,
                                   int first_column, const float* somewhere, const Store& store) {
  alignas(16) __shared__ GemmSlices slices[2];
  GemmSums sums = {};
  stream_slices(depth, slices, send_slices_of(a, b, rows, columns, depth, first_row, first_column, somewhere),
                [&](const GemmSlices& present) { multiply_slices(present[0], present[1], sums); });
  store_tile(sums, rows, columns, first_row, first_column, slices[0], store);
}

/// As RegisterTile.
struct AsyncTile {
  template <class A, class B, class Store>
  static __device__ void multiply(const A& a, const B& b, int rows, int columns, int depth, int first_row,
                                  int first_column, const float* somewhere, const Store& store) {
    gemm_tile_async_to(a, b, rows, columns, depth, first_row, first_column, somewhere, store);
  }
};

}  // namespace convlens
