#pragma once

#include <omp.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "kernels/base/cpu/lanes.h"
#include "kernels/base/cpu/parallel.h"

namespace convlens {

/// The Gram matrix of an image's features, sum over pixels p of f[a][p] f[b][p], from the channel-blocked layout as it
/// lies: a block of channels times each channel of another fills the registers. Only pairs of blocks with a's not
/// before b's are computed.
template <int lanes>
class BlockedGram {
  using Lanes = FloatLanes<lanes>;

 public:
  BlockedGram(int64_t blocks, int64_t pixels) : blocks_(blocks), pixels_(pixels) {}

  /// Floats of `sums`.
  int64_t size() const { return width() * width(); }

  /// One pass over the features: a chunk of pixels serves all pairs of blocks, which the threads share, so that each
  /// sum has one owner.
  void run(const float* features, float* sums) const {
    const int64_t pairs = blocks_ * (blocks_ + 1) / 2, threads = omp_get_max_threads();
    parallel_for(threads, [&](int64_t thread) {
      for (int64_t pixel = 0; pixel < pixels_; pixel += chunk)
        add_pairs(features, sums, pixel, pairs * thread / threads, pairs * (thread + 1) / threads);
    });
  }

  /// The sum for channels a and b of what `run` left.
  float at(const float* sums, int64_t a, int64_t b) const {
    return a < b ? sums[a * width() + b] : sums[b * width() + a];
  }

 private:
  // Two blocks' pixels of a chunk stay in the nearest cache, all blocks' in the next.
  static constexpr int64_t chunk = 256;

  int64_t width() const { return blocks_ * lanes; }

  void add_pairs(const float* features, float* sums, int64_t pixel, int64_t first, int64_t end) const {
    for (int64_t a = 0, pair = 0; a < blocks_; ++a)
      for (int64_t b = 0; b <= a; ++b, ++pair)
        if (pair >= first && pair < end) add_pair(features, sums, pixel, a, b);
  }

  void add_pair(const float* features, float* sums, int64_t pixel, int64_t a, int64_t b) const {
    const float* vectors = features + (a * pixels_ + pixel) * lanes;
    const float* factors = features + (b * pixels_ + pixel) * lanes;
    std::array<Lanes, lanes> sum{};
    for (int64_t p = 0; p < std::min(chunk, pixels_ - pixel); ++p, vectors += lanes, factors += lanes) {
      const auto v = load_lanes<Lanes>(vectors);
#pragma GCC unroll 16
      for (int i = 0; i < lanes; ++i) sum[i] += factors[i] * v;
    }
    float* to = sums + b * lanes * width() + a * lanes;
    for (int i = 0; i < lanes; ++i, to += width())
      store_lanes(to, pixel == 0 ? sum[i] : sum[i] + load_lanes<Lanes>(to));
  }

  int64_t blocks_, pixels_;
};

}  // namespace convlens
