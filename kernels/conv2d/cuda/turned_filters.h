#pragma once

#include "kernels/base/cuda/gemm_tile_vector.h"

namespace convlens {

/// Filters as the left operand of a product, turned so that its rows lie side by side, in whole quads (RowQuads). In w,
/// row and k are `row_step` and `k_step` numbers apart.
struct TurnedFilters {
  int rows, depth, row_step, k_step;

  int64_t elements() const { return depth * quad_pitch(rows); }
  size_t bytes() const { return sizeof(float) * static_cast<size_t>(elements()); }
};

/// packed[k][row] = w[row * row_step + k * k_step], and zeros in the rows that fill a quad.
void pack(const TurnedFilters& filters, const float* w, float* packed);

}  // namespace convlens
