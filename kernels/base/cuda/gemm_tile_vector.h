#pragma once

#include "kernels/base/cuda/gemm_tile_async.h"

namespace convlens {

/// A matrix as [k][row], its rows side by side. `pitch` numbers lie from one k to the next, a multiple of 4 that is not
/// below the number of rows, and the first is aligned to 16 bytes: rows can be copied four at a time. Those beyond the
/// last are copied, but their results are not stored.
struct RowQuads {
  const float* first;
  int64_t pitch;
};

/// send_slice in copies of 16 bytes: a slice is 128 of them, and 128 of the block's threads send it.
__device__ inline void send_quads(const RowQuads& operand, int first_row, int first_k, int depth,
                                  float (*slice)[GemmTile::padded]) {
  constexpr int quads = GemmTile::size / 4;
  const int i = threadIdx.x % (quads * GemmTile::depth), k = i / quads, row = i % quads * 4;
  const bool inside = first_row + row < operand.pitch && first_k + k < depth;
  const float* address = inside ? operand.first + (first_k + k) * operand.pitch + first_row + row : operand.first;
  __pipeline_memcpy_async(&slice[k][row], address, sizeof(float4), inside ? 0 : sizeof(float4));
}

/// gemm_tile_async_to with a quarter of its copies: half of the threads send the slice of A, half that of B.
template <class Store>
__device__ void gemm_tile_vector_to(const RowQuads& a, const RowQuads& b, int rows, int columns, int depth,
                                    int first_row, int first_column, const Store& store) {
  alignas(16) __shared__ GemmSlices slices[2];
  const int half = threadIdx.x / (GemmTile::threads / 2);
  const RowQuads own = half == 0 ? a : b;
  const int own_first = half == 0 ? first_row : first_column;
  GemmSums sums = {};
  stream_slices(
      depth, slices, [&](int first_k, GemmSlices& next) { send_quads(own, own_first, first_k, depth, next[half]); },
      [&](const GemmSlices& present) { multiply_slices(present[0], present[1], sums); });
  store_tile(sums, rows, columns, first_row, first_column, slices[0], store);
}

/// Numbers from one k to the next for so many rows.
__host__ __device__ inline int64_t quad_pitch(int64_t rows) { return (rows + 3) / 4 * 4; }

}  // namespace convlens
