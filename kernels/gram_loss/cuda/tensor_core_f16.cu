// triangle's forward pass on tensor cores, as gram's: features are rounded to binary16 as they are read, sums are f32.
// Taken only when it is named.

#include "kernels/base/registry.h"
#include "kernels/gram_loss/cuda/forward.h"

namespace convlens {
namespace {

// G is off by 2^-10 of the largest at most, and the loss, which squares its distance, by twice as much.
Variant variant() {
  Variant variant = gram_loss_forward<sum_gram_parts_f16>("tensor_core_f16");
  variant.priority = 0;
  variant.relative_error = 2e-3;
  variant.refuses = [](const Problem& problem) { return refuses_gram_f16(gram_loss_sizes(problem)); };
  return variant;
}

const RegisterVariant registered("gram_loss", variant());

}  // namespace
}  // namespace convlens
