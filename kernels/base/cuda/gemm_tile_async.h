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

/// Calls multiply(a_slice, b_slice) for one slice after the other; while the block computes with one, the next is on
/// its way. At the end nobody needs the slices any more.
template <class A, class B, class Multiply>
__device__ void stream_slices(const A& a, const B& b, int rows, int columns, int depth, int first_row, int first_column,
                              const float* somewhere, GemmSlices (&slices)[2], const Multiply& multiply) {
  const auto send = [&](int first_k, int slot) {
    send_slice(a, first_row, rows, first_k, depth, somewhere, slices[slot][0]);
    send_slice(b, first_column, columns, first_k, depth, somewhere, slices[slot][1]);
    __pipeline_commit();
  };
  send(0, 0);
  for (int first_k = 0, slot = 0; first_k < depth; first_k += GemmTile::depth, slot ^= 1) {
    if (first_k + GemmTile::depth < depth) {
      send(first_k + GemmTile::depth, slot ^ 1);
      __pipeline_wait_prior(1);
    } else {
      __pipeline_wait_prior(0);
    }
    __syncthreads();
    multiply(slices[slot][0], slices[slot][1]);
    __syncthreads();
  }
}

/// gemm_tile_to with two slices of each operand.
template <class A, class B, class Store>
__device__ void gemm_tile_async_to(const A& a, const B& b, int rows, int columns, int depth, int first_row,
                                   int first_column, const float* somewhere, const Store& store) {
  alignas(16) __shared__ GemmSlices slices[2];
  GemmSums sums = {};
  stream_slices(a, b, rows, columns, depth, first_row, first_column, somewhere, slices,
                [&](const auto& a_slice, const auto& b_slice) { multiply_slices(a_slice, b_slice, sums); });
  store_tile(sums, rows, columns, first_row, first_column, slices[0], store);
}

}  // namespace convlens
