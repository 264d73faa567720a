#pragma once

#include <random>

#include "engine/array.h"

namespace convlens::bench {

/// Numbers between -1 and 1, the same each time.
inline Array random_array(const Shape& shape) {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<float> uniform(-1, 1);
  Array array(shape);
  for (float& value : array.values) value = uniform(random);
  return array;
}

}  // namespace convlens::bench
