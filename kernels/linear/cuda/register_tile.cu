// The products with 4 x 4 results a thread in registers (gemm_tile.h).

#include "kernels/linear/cuda/products.h"

namespace convlens {
namespace {

// One float adds up all features, in order: its rounding grows with the root of their number (2.2e-6 at 9001).
template <Pass pass>
Variant rung() {
  return product_variant<RegisterTile, pass>("register_tile", 1, 1e-5);
}

const RegisterVariant forward("linear", rung<Pass::forward>());
const RegisterVariant backward_data("linear", rung<Pass::backward_data>());
const RegisterVariant backward_weights("linear", rung<Pass::backward_weights>());

}  // namespace
}  // namespace convlens
