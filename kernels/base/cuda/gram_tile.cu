#include "kernels/base/cuda/gram_tile.h"

#include "kernels/base/cuda/parts.h"

namespace convlens {
namespace {

// blockIdx.x: tile, blockIdx.y: part, blockIdx.z: image. Off the diagonal a value that was loaded once serves 64
// results, on it 128.
__global__ void __launch_bounds__(GemmTile::threads, GemmTile::blocks)
    partial_triangle(const float* __restrict__ f, float* __restrict__ sums, int channels, int pixels) {
  const int part = blockIdx.y, parts = gridDim.y;
  const int begin = part_begin(part, parts, pixels, GemmTile::depth),
            end = part_begin(part + 1, parts, pixels, GemmTile::depth);
  const GramFeatures features{f + int64_t{blockIdx.z} * channels * pixels + begin, pixels};
  const TrianglePlace place(blockIdx.x);
  const int first_row = place.row * GemmTile::size, first_column = place.column * GemmTile::size;
  alignas(16) __shared__ GemmSlices slices;
  GemmSums tile = {};
  if (place.row == place.column)
    square_tile(features, channels, end - begin, first_row, slices, tile);
  else
    multiply_tile(features, features, channels, channels, end - begin, first_row, first_column, slices, tile);
  float* own = sums + ((int64_t{blockIdx.z} * parts + part) * gridDim.x + blockIdx.x) * GemmTile::size * GemmTile::size;
  store_tile(tile, channels, channels, first_row, first_column, slices,
             [&](int a, int b, float sum) { own[(a - first_row) * GemmTile::size + b - first_column] = sum; });
}

}  // namespace

int gram_parts(const GramSizes& sizes) {
  return parts_of(int64_t{triangle_tiles(sizes.channels)} * sizes.batch, ceil_div(sizes.pixels, GemmTile::depth));
}

size_t gram_parts_bytes(const GramSizes& sizes) {
  constexpr size_t tile_bytes = sizeof(float) * GemmTile::size * GemmTile::size;
  return tile_bytes * sizes.batch * triangle_tiles(sizes.channels) * static_cast<size_t>(gram_parts(sizes));
}

void sum_gram_parts(const GramSizes& sizes, const float* f, float* sums) {
  simt::launch({.grid = dim3(triangle_tiles(sizes.channels), static_cast<unsigned>(gram_parts(sizes)), sizes.batch),
                .block = dim3(GemmTile::threads)},
               partial_triangle, f, sums, sizes.channels, sizes.pixels);
}

}  // namespace convlens
