#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "kernels/base/cpu/lanes.h"

namespace convlens {

/// A pixel-by-pixel product: results[p][o] = sum over c of matrix[o][c] pixels[p][c], with channels in blocks of
/// `lanes`. A pixel's channels of a block lie side by side and so do the pixels (a row of nchw8c or nchw16c); the
/// matrix lies as blocks of o x c x lanes. `c` runs over whole blocks, whose missing channels must be zero in both.
template <int lanes>
struct BlockedGemm {
  const float* pixels;
  int64_t pixel_block_stride;  ///< floats from a block of channels to the next, of the same pixel
  const float* matrix;
  float* results;
  int64_t result_block_stride, result_pixel_stride;  ///< floats from a block of results, or a pixel, to the next
  int64_t count, in_blocks, out_blocks;              ///< pixels, blocks of c, blocks of o
  /// Sums of so many blocks of c are added up at the end: rounding grows with what is in a sum already. Each part but
  /// the last costs a store for every result.
  int64_t part_blocks = in_blocks;

  /// Pixels that one pass over the matrix serves: with two vectors of results each they fill the registers.
  static constexpr int most_pixels = lanes == 16 ? 14 : 6;

  /// In a file of its own, as it takes long to compile.
  void run() const;

  /// finish(sums, where they go) gives what is stored there.
  template <class Finish>
  void run(const Finish& finish) const {
    static constexpr auto by_count = []<int... p>(std::integer_sequence<int, p...>) {
      using Pass = void (BlockedGemm::*)(int64_t, int64_t, Ahead, const Finish&) const;
      return std::array<std::array<Pass, 2>, most_pixels>{
          {{&BlockedGemm::pass<p + 1, 1, Finish>, &BlockedGemm::pass<p + 1, 2, Finish>}...}};
    }
    (std::make_integer_sequence<int, most_pixels>{});
    const int64_t passes = (count + most_pixels - 1) / most_pixels;
    for (int64_t o = 0; o < out_blocks; o += 2) {
      const float* next = matrix + (o + 2) * in_blocks * lanes * lanes;
      for (int64_t i = 0; i < passes; ++i) {
        const int64_t pixel = i * count / passes, pixel_end = (i + 1) * count / passes;
        const int64_t begin = panel_lines * i / passes, end = panel_lines * (i + 1) / passes;
        (this->*by_count[pixel_end - pixel - 1][std::min<int64_t>(2, out_blocks - o) - 1])(
            pixel, o, {next + begin * in_blocks * line, end - begin}, finish);
      }
    }
  }

 private:
  static constexpr int64_t line = 64 / sizeof(float), panel_lines = 2 * lanes * lanes / line;

  /// The part of the matrix that comes next is fetched while this one is used: it is read in turn from memory that is
  /// too slow to be waited for, and the passes over pixels share its lines evenly. Behind the last part lies what the
  /// caller multiplies next, or nothing; fetching that is harmless.
  struct Ahead {
    const float* next;
    int64_t lines;  ///< of the cache, for each block of c
  };

  template <int pixel_count, int vectors, class Finish>
  void pass(int64_t first_pixel, int64_t first_block, Ahead ahead, const Finish& finish) const {
    using Lanes = FloatLanes<lanes>;
    const float *x = pixels + first_pixel * lanes, *m = matrix + first_block * in_blocks * lanes * lanes;
    std::array<std::array<Lanes, pixel_count>, vectors> sum{}, earlier;  // of this part, of those before it
    bool is_first = true;
    for (int64_t begin = 0;; is_first = false) {
      const int64_t part = std::min(in_blocks - begin, part_blocks);
      for (int64_t block = 0; block < part; ++block, x += pixel_block_stride, m += lanes * lanes) {
        for (int64_t i = 0; i < ahead.lines; ++i, ahead.next += line) __builtin_prefetch(ahead.next, 0, 2);
        add_products(x, m, sum);
      }
      begin += part;
      if (begin == in_blocks) break;
#pragma GCC unroll 2
      for (int j = 0; j < vectors; ++j)
#pragma GCC unroll 14
        for (int p = 0; p < pixel_count; ++p) {
          earlier[j][p] = is_first ? sum[j][p] : earlier[j][p] + sum[j][p];
          sum[j][p] = Lanes{};
        }
    }
    float* to = results + first_block * result_block_stride + first_pixel * result_pixel_stride;
#pragma GCC unroll 2
    for (int j = 0; j < vectors; ++j)
#pragma GCC unroll 14
      for (int p = 0; p < pixel_count; ++p) {
        float* place = to + j * result_block_stride + p * result_pixel_stride;
        store_lanes(place, finish(is_first ? sum[j][p] : earlier[j][p] + sum[j][p], place));
      }
  }

  /// Those of one block of c.
  template <size_t pixel_count, size_t vectors>
  [[gnu::always_inline]] inline void add_products(
      const float* x, const float* m, std::array<std::array<FloatLanes<lanes>, pixel_count>, vectors>& sum) const {
    using Lanes = FloatLanes<lanes>;
    const int64_t matrix_stride = in_blocks * lanes * lanes;
#pragma GCC unroll 8
    for (int c = 0; c < lanes; ++c) {
      std::array<Lanes, vectors> w;
#pragma GCC unroll 2
      for (size_t j = 0; j < vectors; ++j) w[j] = load_register<Lanes>(m + c * lanes + j * matrix_stride);
#pragma GCC unroll 14
      for (size_t p = 0; p < pixel_count; ++p)
#pragma GCC unroll 2
        for (size_t j = 0; j < vectors; ++j) sum[j][p] += x[p * lanes + c] * w[j];
    }
  }
};

}  // namespace convlens
