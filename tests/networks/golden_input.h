#pragma once

#include <string>

#include "engine/array.h"
#include "engine/model.h"

namespace convlens::test {

inline uint64_t fnv1a(const std::string& text) {
  uint64_t value = 0xCBF29CE484222325ULL;
  for (const char byte : text) value = (value ^ static_cast<unsigned char>(byte)) * 0x100000001B3ULL;
  return value;
}

// The generator of tools/convlens/random_numbers.py: SplitMix64 as a counter, keyed by a name.
inline Array uniform(const std::string& name, uint64_t seed, const Shape& shape) {
  constexpr uint64_t golden = 0x9E3779B97F4A7C15ULL;
  const uint64_t key = fnv1a(name) ^ (seed * golden);
  Array array(shape);
  for (size_t i = 0; i < array.values.size(); ++i) {
    uint64_t z = key + (i + 1) * golden;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ z >> 27) * 0x94D049BB133111EBULL;
    z ^= z >> 31;
    array.values[i] = static_cast<float>(z >> 40) * 0x1p-23F - 1.0F;
  }
  return array;
}

// As tools/convlens/golden.py says: an image is uniform, a vector is 3/4 of its element 1 and 1/4 of its element 4.
inline Array golden_input(const InputSpec& spec, uint64_t seed, const Shape& shape) {
  if (spec.kind == InputSpec::Kind::image) return uniform("input/" + spec.name, seed, shape);
  Array vector(shape);
  vector.values.at(1) = 0.75F;
  vector.values.at(4) = 0.25F;
  return vector;
}

}  // namespace convlens::test
