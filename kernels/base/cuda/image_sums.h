#pragma once

#include "kernels/base/cuda/block_sum.h"
#include "kernels/base/cuda/blocks.h"
#include "kernels/base/variant.h"

namespace convlens {

// One number an image, as a loss is: blocks add up stretches of the image, and a second launch adds up the blocks'
// sums. One pass over memory, and always the same order of additions.

/// sums[n] = factor * the sum of the `count` parts of image n, which lie side by side.
void sum_parts(const float* parts, float* sums, unsigned images, int64_t count, float factor);

struct ImageStretch {
  static constexpr int per_thread = 8;
  static constexpr int64_t elements = int64_t{element_threads} * per_thread;
};

/// A block adds up term(n, i) for a stretch of the elements i of image n.
template <class Term>
__global__ void __launch_bounds__(element_threads)
    sum_stretches(Term term, int64_t elements, float* __restrict__ parts) {
  const int64_t first = blockIdx.x * ImageStretch::elements + threadIdx.x;
  float sum = 0.0F;
  for (int k = 0; k < ImageStretch::per_thread; ++k) {
    const int64_t i = first + k * element_threads;
    if (i < elements) sum += term(blockIdx.y, i);
  }
  sum = block_sum<element_threads / 32>(sum);
  if (threadIdx.x == 0) parts[int64_t{blockIdx.y} * gridDim.x + blockIdx.x] = sum;
}

inline int64_t image_elements(const Shape& x) { return x.elements() / x.n(); }

inline int64_t stretches(const Shape& x) {
  return (image_elements(x) + ImageStretch::elements - 1) / ImageStretch::elements;
}

/// The workspace of image_sums. Its name is not that of the CPU's: both are in one library.
inline size_t stretch_sums_workspace(const Problem& problem) {
  const Shape& x = problem.inputs[0].shape;
  return sizeof(float) * static_cast<size_t>(x.n() * stretches(x));
}

/// sums[n] = factor * the sum of term(n, i) over the elements i of image n.
template <class Term>
void image_sums(const Shape& x, const Term& term, float factor, std::byte* workspace, float* sums) {
  const auto images = static_cast<unsigned>(x.n());
  auto* parts = reinterpret_cast<float*>(workspace);
  simt::launch({.grid = dim3(static_cast<unsigned>(stretches(x)), images), .block = dim3(element_threads)},
               sum_stretches<Term>, term, image_elements(x), parts);
  sum_parts(parts, sums, images, stretches(x), factor);
}

}  // namespace convlens
