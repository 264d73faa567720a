#pragma once

#include "kernels/base/cuda/blocks.h"
#include "kernels/base/cuda/gemm_tile.h"

// F F^T by its tiles of 64 x 64 on and below the diagonal, each summed over several parts of the pixels by blocks of
// their own: a layer of 64 channels has one tile, and a whole GPU for it. A second kernel adds up the parts in order
// and stores each sum at both of its places.

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

struct GramSizes {
  unsigned batch;
  int channels, pixels;
  explicit GramSizes(const Shape& f)
      : batch(static_cast<unsigned>(f.n())),
        channels(static_cast<int>(f.c())),
        pixels(static_cast<int>(f.h() * f.w())) {}
};

/// Tiles of F F^T on and below the diagonal.
inline unsigned triangle_tiles(int64_t channels) {
  const unsigned tiles = gemm_tiles(channels);
  return tiles * (tiles + 1) / 2;
}

int gram_parts(const GramSizes& sizes);

/// Of the sums of all parts, [image][part][tile][row][column].
size_t gram_parts_bytes(const GramSizes& sizes);

/// Each part's sums of F F^T.
void sum_gram_parts(const GramSizes& sizes, const float* f, float* sums);

/// The same on tensor cores, features rounded to binary16 (which ends at 65504) as they are read. Needs pixels in
/// multiples of 4, which it loads together.
void sum_gram_parts_f16(const GramSizes& sizes, const float* f, float* sums);

/// Why it cannot, or nothing.
std::optional<std::string> refuses_gram_f16(const GramSizes& sizes);

using SumGramParts = void (*)(const GramSizes& sizes, const float* f, float* sums);

/// Of the tile that is counted (0,0), (1,0), (1,1), (2,0), ..: its place.
struct TrianglePlace {
  int row = 0, column;
  __device__ explicit TrianglePlace(int tile) {
    while ((row + 1) * (row + 2) / 2 <= tile) ++row;
    column = tile - row * (row + 1) / 2;
  }
};

/// What a block adds up: 8 rows of a tile, so that their columns too fill sectors.
struct GramStrip {
  static constexpr int rows = 8, per_tile = GemmTile::size / rows, threads = 256;
  static constexpr int each = rows * GemmTile::size / threads;
  static constexpr int pitch = GemmTile::size + 4;  ///< 8 rows by 4 columns then lie in 32 different banks
};

inline simt::LaunchShape gram_strips(const GramSizes& sizes) {
  return {.grid = dim3(triangle_tiles(sizes.channels) * GramStrip::per_tile, sizes.batch),
          .block = dim3(GramStrip::threads)};
}

/// Adds up the parts of the blockIdx.x-th strip of image blockIdx.y and hands each sum to store(a, b, sum), at both of
/// its places. To be called by all threads of the block.
template <class Store>
__device__ void add_gram_parts(const float* __restrict__ sums, int channels, int parts, const Store& store) {
  __shared__ float strip[GramStrip::rows][GramStrip::pitch];
  constexpr int tile_elements = GemmTile::size * GemmTile::size;
  const int tiles = gridDim.x / GramStrip::per_tile, tile = blockIdx.x / GramStrip::per_tile;
  const int first = blockIdx.x % GramStrip::per_tile * GramStrip::rows;
  const TrianglePlace place(tile);
  const int first_a = place.row * GemmTile::size + first, first_b = place.column * GemmTile::size;
  const float* own = sums + (int64_t{blockIdx.y} * parts * tiles + tile) * tile_elements + first * GemmTile::size;
#pragma unroll
  for (int k = 0; k < GramStrip::each; ++k) {
    const int i = k * GramStrip::threads + threadIdx.x, row = i / GemmTile::size, column = i % GemmTile::size;
    if (first_a + row >= channels || first_b + column >= channels) continue;
    float sum = 0.0F;
    for (int part = 0; part < parts; ++part) sum += own[int64_t{part} * tiles * tile_elements + i];
    store(first_a + row, first_b + column, sum);
    strip[row][column] = sum;
  }
  if (place.row == place.column) return;
  __syncthreads();
#pragma unroll
  for (int k = 0; k < GramStrip::each; ++k) {
    const int i = k * GramStrip::threads + threadIdx.x, row = i % GramStrip::rows, column = i / GramStrip::rows;
    if (first_a + row < channels && first_b + column < channels)
      store(first_b + column, first_a + row, strip[row][column]);
  }
}

}  // namespace convlens
