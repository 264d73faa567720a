#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "kernels/base/cpu/lanes.h"

namespace convlens {

/// Tiles that one pass over the weights serves: with two vectors of output channels each they fill the registers.
template <int lanes>
constexpr int64_t most_tile_rows = lanes == 16 ? 14 : 6;

/// products[j][t] += the sum over c of weights[j][c] tiles[t][c], for `rows` tiles and `vectors` blocks of output
/// channels. Tiles lie as blocks x tile_count x lanes, weights as channels x lanes with `weight_stride` floats from one
/// block of output channels to the next, products as blocks x tile_count x lanes.
template <int lanes, int rows, int vectors>
void multiply_tiles(const float* tiles, const float* weights, float* products, int64_t tile_count,
                    int64_t channel_blocks, int64_t weight_stride) {
  using Lanes = FloatLanes<lanes>;
  std::array<std::array<Lanes, rows>, vectors> sum{};
  for (int64_t block = 0; block < channel_blocks; ++block, tiles += tile_count * lanes)
    for (int c = 0; c < lanes; ++c, weights += lanes) {
      std::array<Lanes, vectors> w;
#pragma GCC unroll 2
      for (int j = 0; j < vectors; ++j) w[j] = load_lanes<Lanes>(weights + j * weight_stride);
#pragma GCC unroll 14
      for (int t = 0; t < rows; ++t) {
        const float x = tiles[t * lanes + c];
#pragma GCC unroll 2
        for (int j = 0; j < vectors; ++j) sum[j][t] += x * w[j];
      }
    }
#pragma GCC unroll 2
  for (int j = 0; j < vectors; ++j)
#pragma GCC unroll 14
    for (int t = 0; t < rows; ++t) store_lanes(products + (j * tile_count + t) * lanes, sum[j][t]);
}

/// The same for any number of tiles and of blocks of output channels.
template <int lanes>
void multiply_all_tiles(const float* tiles, const float* weights, float* products, int64_t tile_count,
                        int64_t channel_blocks, int64_t out_blocks) {
  using Multiply = void (*)(const float*, const float*, float*, int64_t, int64_t, int64_t);
  constexpr int most = most_tile_rows<lanes>;
  static constexpr auto by_rows = []<int... r>(std::integer_sequence<int, r...>) {
    return std::array<std::array<Multiply, 2>, most>{
        {{multiply_tiles<lanes, r + 1, 1>, multiply_tiles<lanes, r + 1, 2>}...}};
  }
  (std::make_integer_sequence<int, most>{});

  const int64_t passes = (tile_count + most - 1) / most, rows = (tile_count + passes - 1) / passes;
  const int64_t weight_stride = channel_blocks * lanes * lanes;
  for (int64_t j = 0; j < out_blocks; j += 2) {
    const int64_t vectors = std::min<int64_t>(2, out_blocks - j);
    for (int64_t t = 0; t < tile_count; t += rows)
      by_rows[std::min(rows, tile_count - t) - 1][vectors - 1](tiles + t * lanes, weights + j * weight_stride,
                                                               products + (j * tile_count + t) * lanes, tile_count,
                                                               channel_blocks, weight_stride);
  }
}

}  // namespace convlens
