// One pass over memory, one thread an element: bytes moved are the fewest there can be, 12 an element for a sum, 8 for
// a copy, 4 for zeros.

#include "kernels/base/cuda/elements.h"

#include "kernels/base/cuda/blocks.h"

namespace convlens {
namespace {

__global__ void __launch_bounds__(element_threads)
    add(const float* __restrict__ from, float* __restrict__ to, int64_t count) {
  const int64_t i = element_index();
  if (i < count) to[i] += from[i];
}

__global__ void __launch_bounds__(element_threads)
    copy(const float* __restrict__ from, float* __restrict__ to, int64_t count) {
  const int64_t i = element_index();
  if (i < count) to[i] = from[i];
}

__global__ void __launch_bounds__(element_threads) zero(float* to, int64_t count) {
  const int64_t i = element_index();
  if (i < count) to[i] = 0;
}

}  // namespace

void add_elements(const TensorView& from, const TensorView& to) {
  const int64_t count = to.desc.elements();
  simt::launch(one_thread_each(count), add, from.f32(), to.f32(), count);
}

void copy_elements(const TensorView& from, const TensorView& to) {
  const int64_t count = to.desc.elements();
  simt::launch(one_thread_each(count), copy, from.f32(), to.f32(), count);
}

void zero_elements(const TensorView& to) {
  const int64_t count = to.desc.elements();
  simt::launch(one_thread_each(count), zero, to.f32(), count);
}

}  // namespace convlens
