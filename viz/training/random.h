#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <utility>

namespace convlens::viz {

/// SplitMix64 (Steele, Lea and Flood 2014): the same numbers on every machine, unlike std's distributions. Works that
/// must be resumable make one from the seed and the place they are at, so that no state needs to be kept.
class Random {
 public:
  template <class... Places>
  explicit Random(int64_t seed, Places... places) : state_(static_cast<uint64_t>(seed)) {
    ((state_ = bits() ^ static_cast<uint64_t>(places)), ...);
  }

  uint64_t bits() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  }
  double uniform(double low = 0, double high = 1) {
    return low + (high - low) * static_cast<double>(bits() >> 11) * 0x1p-53;
  }
  int64_t below(int64_t count) { return static_cast<int64_t>(uniform() * static_cast<double>(count)); }
  double normal() {  // Box and Muller 1958
    const double radius = std::sqrt(-2 * std::log(1 - uniform()));
    return radius * std::cos(2 * std::numbers::pi * uniform());
  }
  /// Fisher and Yates.
  template <class Sequence>
  void shuffle(Sequence& items) {
    for (auto i = static_cast<int64_t>(items.size()); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }

 private:
  uint64_t state_;
};

}  // namespace convlens::viz
