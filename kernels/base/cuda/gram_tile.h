#pragma once

#include "kernels/base/cuda/gemm_tile.h"

namespace convlens {

/// One image's features in NCHW as an operand: a row a channel.
struct GramFeatures {
  static constexpr bool contiguous_in_k = true;
  const float* f;
  int pixels;
  __device__ const float* address(int channel, int pixel) const { return f + int64_t{channel} * pixels + pixel; }
};

/// Their transpose.
struct GramFeaturesByPixel {
  static constexpr bool contiguous_in_k = false;
  GramFeatures features;
  __device__ const float* address(int pixel, int channel) const { return features.address(channel, pixel); }
};

/// Tiles of F F^T on and below the diagonal.
inline unsigned triangle_tiles(int64_t channels) {
  const unsigned tiles = gemm_tiles(channels);
  return tiles * (tiles + 1) / 2;
}

/// Of the tile that is counted (0,0), (1,0), (1,1), (2,0), ..: its row.
__device__ inline int triangle_row(int tile) {
  int row = 0;
  while ((row + 1) * (row + 2) / 2 <= tile) ++row;
  return row;
}

/// The blockIdx.x-th of these tiles, result by result to store(a, b, sum), at both of the result's places. To be called
/// by all threads of the block. Off the diagonal a value that was loaded once serves 64 results, on it 128.
template <class Store>
__device__ void triangle_tile_to(const GramFeatures& features, int channels, const Store& store) {
  const int tile = blockIdx.x, row = triangle_row(tile), column = tile - row * (row + 1) / 2;
  const int first_row = row * GemmTile::size, first_column = column * GemmTile::size;
  alignas(16) __shared__ GemmSlices slices;
  GemmSums sums = {};
  if (row == column)
    square_tile(features, channels, features.pixels, first_row, slices, sums);
  else
    multiply_tile(features, features, channels, channels, features.pixels, first_row, first_column, slices, sums);
  store_tile(sums, channels, channels, first_row, first_column, slices, store);
  if (row != column) store_tile_transposed(sums, channels, channels, first_row, first_column, slices, store);
}

}  // namespace convlens
