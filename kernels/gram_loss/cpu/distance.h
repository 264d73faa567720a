#pragma once

#include <cstdint>

namespace convlens {

/// Row a of what the loss makes of a Gram matrix G of so many channels and its target A: returns the sum over b of
/// (G[a,b] - A[a,b])^2, and writes G - (A + A^T) / 2 to `notes` unless that is null. gram(b) gives G[a,b]; `notes` may
/// lie where G does.
template <class Row>
double subtract_target(const Row& gram, const float* target, int64_t channels, int64_t a, float* notes) {
  double sum = 0;
  for (int64_t b = 0; b < channels; ++b) {
    const float g = gram(b);
    const float to_target = g - target[a * channels + b], to_transpose = g - target[b * channels + a];
    sum += static_cast<double>(to_target) * to_target;
    if (notes) notes[b] = (to_target + to_transpose) / 2;
  }
  return sum;
}

}  // namespace convlens
