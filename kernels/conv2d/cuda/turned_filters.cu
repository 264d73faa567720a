#include "kernels/conv2d/cuda/turned_filters.h"

#include "kernels/base/cuda/blocks.h"

namespace convlens {
namespace {

__global__ void __launch_bounds__(element_threads)
    turn_filters(TurnedFilters f, const float* __restrict__ w, float* __restrict__ packed) {
  const int64_t i = element_index(), pitch = quad_pitch(f.rows);
  if (i >= f.depth * pitch) return;
  const int64_t row = i % pitch, k = i / pitch;
  packed[i] = row < f.rows ? w[row * f.row_step + k * f.k_step] : 0.0F;
}

}  // namespace

void pack(const TurnedFilters& filters, const float* w, float* packed) {
  simt::launch(one_thread_each(filters.elements()), turn_filters, filters, w, packed);
}

}  // namespace convlens
