#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "engine/array.h"

namespace convlens::viz {

/// `count` rows of `width` numbers, wherever they lie (mostly in a mapped file); a row is valid until the next is asked
/// for. The lender outlives it.
struct Rows {
  int64_t count = 0, width = 0;
  std::function<std::span<const float>(int64_t)> at;
};

/// The rows of a matrix N x D.
inline Rows rows_of(const Array& matrix) {
  const int64_t width = matrix.shape[1];
  return {matrix.shape[0], width, [&matrix, width](int64_t i) {
            return std::span(matrix.values).subspan(static_cast<size_t>(i * width), static_cast<size_t>(width));
          }};
}

}  // namespace convlens::viz
