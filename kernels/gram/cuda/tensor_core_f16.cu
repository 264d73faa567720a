// triangle's forward pass on tensor cores, from features rounded to binary16 as they are read; sums are f32. Binary16
// has 11 digits and ends at 65504: taken only when it is named. Gradients, which may be far smaller than its least
// number, stay in f32.

#include "kernels/base/registry.h"
#include "kernels/gram/cuda/forward.h"

namespace convlens {
namespace {

// Both factors are off by 2^-11 at most.
Variant variant() {
  Variant variant = gram_forward<sum_gram_parts_f16>("tensor_core_f16");
  variant.priority = 0;
  variant.relative_error = 1e-3;
  variant.refuses = [](const Problem& problem) { return refuses_gram_f16(gram_sizes(problem)); };
  return variant;
}

const RegisterVariant registered("gram", variant());

}  // namespace
}  // namespace convlens
