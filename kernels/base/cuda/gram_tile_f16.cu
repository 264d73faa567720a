#include "kernels/base/cuda/gram_tile.h"
#include "kernels/base/cuda/parts.h"
#include "kernels/base/cuda/warp_tile.h"

namespace convlens {
namespace {

// A tile of 64 x 64 by 4 warps of 32 x 32, in slices of 32 pixels. Both operands are rows of F, pixels side by side.
struct HalfTile {
  static constexpr int size = GemmTile::size, depth = 32, threads = 128;
  [[maybe_unused]] static constexpr int blocks = 4;  // only nvcc reads launch bounds
  static constexpr int pitch = depth / 2 + 4;        ///< 8 rows of 16 bytes, as ldmatrix reads them, touch all 32 banks
  static constexpr int lanes = depth / 4, step = threads / lanes, each = size / step;
};
using HalfRows = uint32_t[HalfTile::size][HalfTile::pitch];

// Of 64 channels by 32 pixels a thread brings 4 pixels of each of 4 channels.
struct Quads {
  float4 values[HalfTile::each];

  __device__ void load(const float* f, int channels, int pixels, int first_channel, int pixel, int end) {
#pragma unroll
    for (int i = 0; i < HalfTile::each; ++i) {
      const int channel = first_channel + row(i);
      values[i] = load4(channel < channels && pixel < end ? f + int64_t{channel} * pixels + pixel : nullptr);
    }
  }
  __device__ void keep(HalfRows& to) const {
#pragma unroll
    for (int i = 0; i < HalfTile::each; ++i) {
      const uint2 numbers = rounded<__half>(values[i]);
      *reinterpret_cast<uint2*>(&to[row(i)][threadIdx.x % HalfTile::lanes * 2]) = numbers;
    }
  }
  static __device__ int row(int i) { return staggered(threadIdx.x / HalfTile::lanes) + i * HalfTile::step; }
};

__device__ void multiply(const HalfRows& a, const HalfRows& b, WarpSums& sums) {
  const int warp = threadIdx.x / 32, matrix = threadIdx.x % 32 / 8, row = threadIdx.x % 8;
  const uint32_t* a_row = &a[warp / 2 * 32 + matrix % 2 * 8 + row][matrix / 2 * 4];
  const uint32_t* b_row = &b[warp % 2 * 32 + matrix / 2 * 8 + row][matrix % 2 * 4];
#pragma unroll
  for (int k = 0; k < HalfTile::depth; k += 16)
    multiply_warp<__half>(
        a_row + k / 2, b_row + k / 2, 16 * HalfTile::pitch, 16 * HalfTile::pitch,
        [](uint32_t(&registers)[4], const uint32_t* at) { simt::ldmatrix_x4(registers, at); }, sums);
}

// blockIdx.x: tile, blockIdx.y: part, blockIdx.z: image. On the diagonal one slice serves as both operands.
__global__ void __launch_bounds__(HalfTile::threads, HalfTile::blocks)
    partial_triangle_f16(const float* __restrict__ f, float* __restrict__ sums, int channels, int pixels) {
  alignas(16) __shared__ HalfRows rows[2], columns[2];
  const int part = blockIdx.y, parts = gridDim.y;
  const int begin = part_begin(part, parts, pixels, HalfTile::depth),
            end = part_begin(part + 1, parts, pixels, HalfTile::depth);
  const float* image = f + int64_t{blockIdx.z} * channels * pixels;
  const TrianglePlace place(blockIdx.x);
  const bool on_diagonal = place.row == place.column;
  const int quad = threadIdx.x % HalfTile::lanes * 4;
  Quads left, right;
  const auto load = [&](int pixel) {
    left.load(image, channels, pixels, place.row * HalfTile::size, pixel + quad, end);
    if (!on_diagonal) right.load(image, channels, pixels, place.column * HalfTile::size, pixel + quad, end);
  };
  WarpSums own = {};
  load(begin);
  for (int pixel = begin, slot = 0; pixel < end; pixel += HalfTile::depth, slot ^= 1) {
    left.keep(rows[slot]);
    if (!on_diagonal) right.keep(columns[slot]);
    __syncthreads();
    if (pixel + HalfTile::depth < end) load(pixel + HalfTile::depth);
    multiply(rows[slot], on_diagonal ? rows[slot] : columns[slot], own);
  }
  float* tile =
      sums + ((int64_t{blockIdx.z} * parts + part) * gridDim.x + blockIdx.x) * HalfTile::size * HalfTile::size;
  const int warp = threadIdx.x / 32;
  store_pairs(own, warp / 2 * 32, warp % 2 * 32, [&](int row, int column, float first, float second) {
    *reinterpret_cast<float2*>(tile + row * HalfTile::size + column) = make_float2(first, second);
  });
}

}  // namespace

void sum_gram_parts_f16(const GramSizes& sizes, const float* f, float* sums) {
  simt::launch({.grid = dim3(triangle_tiles(sizes.channels), static_cast<unsigned>(gram_parts(sizes)), sizes.batch),
                .block = dim3(HalfTile::threads)},
               partial_triangle_f16, f, sums, sizes.channels, sizes.pixels);
}

std::optional<std::string> refuses_gram_f16(const GramSizes& sizes) {
  if (sizes.pixels % 4 != 0) return "needs maps in multiples of 4 pixels, which it loads together";
  return std::nullopt;
}

}  // namespace convlens
