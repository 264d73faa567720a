#pragma once

#include "engine/array.h"
#include "viz/training/random.h"

namespace convlens::viz {

/// Normal numbers of standard deviation `sd` around 0. Those of an image do not depend on how many there are.
inline Array normal_noise(const Shape& batch, double sd, int64_t seed) {
  Array x(batch);
  const auto image = x.values.size() / static_cast<size_t>(batch.n());
  for (size_t first = 0; first < x.values.size(); first += image) {
    Random random(seed, static_cast<int64_t>(first / image));
    for (size_t i = 0; i < image; ++i) x.values[first + i] = static_cast<float>(sd * random.normal());
  }
  return x;
}

}  // namespace convlens::viz
