// register_tile with its multiplications on tensor cores, and its slices brought by cp.async (gemm_tile_tf32.h). Inputs
// are rounded to 10 bits of mantissa, so it is taken only when it is named.

#include "kernels/base/cuda/gemm_tile_tf32.h"
#include "kernels/linear/cuda/products.h"

namespace convlens {
namespace {

// Each factor is off by 2^-11 at most, and a result of many products by less than that of the largest.
template <Pass pass>
Variant rung() {
  return product_variant<Tf32Tile, pass>("tensor_core_tf32", 0, 1e-3);
}

const RegisterVariant forward("linear", rung<Pass::forward>());
const RegisterVariant backward_data("linear", rung<Pass::backward_data>());
const RegisterVariant backward_weights("linear", rung<Pass::backward_weights>());

}  // namespace
}  // namespace convlens
