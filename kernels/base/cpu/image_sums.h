#pragma once

#include <algorithm>

#include "kernels/base/cpu/parallel.h"
#include "kernels/base/variant.h"

namespace convlens {

/// One number an image, as a loss is: the elements of an image, in the order of memory and padding channels included,
/// are cut into stretches that are summed in double, each on its own, and then in order.
struct ImageStretches {
  static constexpr int64_t length = 1 << 12;
  explicit ImageStretches(const TensorDesc& desc)
      : images(desc.shape.n()), elements(desc.elements() / images), count((elements + length - 1) / length) {}
  int64_t images, elements, count;
};

/// The workspace of image_sums.
inline size_t image_sums_workspace(const Problem& problem) {
  const ImageStretches s(problem.inputs[0]);
  return static_cast<size_t>(s.images * s.count) * sizeof(double);
}

/// sums[n] = factor * the sum of term(n, i) over the elements i of image n.
template <class Term>
void image_sums(const TensorDesc& desc, const Term& term, double factor, std::byte* workspace, float* sums) {
  const ImageStretches s(desc);
  auto* parts = reinterpret_cast<double*>(workspace);
  parallel_for(s.images * s.count, [&](int64_t k) {
    const int64_t n = k / s.count, first = k % s.count * s.length;
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = first; i < std::min(first + s.length, s.elements); ++i) sum += term(n, i);
    parts[k] = sum;
  });
  for (int64_t n = 0; n < s.images; ++n) {
    double sum = 0;
    for (int64_t k = n * s.count; k < (n + 1) * s.count; ++k) sum += parts[k];
    sums[n] = static_cast<float>(factor * sum);
  }
}

/// grad_x = gradient(n, i) for every element, or what is there plus it.
template <class Gradient>
void image_gradients(const TensorView& grad_x, const Gradient& gradient, bool accumulate) {
  const ImageStretches s(grad_x.desc);
  parallel_for(s.images * s.count, [&](int64_t k) {
    const int64_t n = k / s.count, first = k % s.count * s.length, end = std::min(first + s.length, s.elements);
    float* to = grad_x.f32() + n * s.elements;
    if (accumulate) {
#pragma omp simd
      for (int64_t i = first; i < end; ++i) to[i] += gradient(n, i);
    } else {
#pragma omp simd
      for (int64_t i = first; i < end; ++i) to[i] = gradient(n, i);
    }
  });
}

/// Variant::layouts of kernels that use them: elements in any order, and one plain number an image.
inline IoLayout image_sums_layouts(const Problem& problem) { return {problem.inputs[0].layout, Layout::nchw}; }

}  // namespace convlens
