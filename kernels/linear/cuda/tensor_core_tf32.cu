// register_tile with its multiplications on tensor cores, and its slices brought by cp.async (gemm_tile_tf32.h). Inputs
// are rounded to 10 bits of mantissa, so it is taken only when it is named.

#include "kernels/base/cuda/gemm_tile_tf32.h"
#include "kernels/linear/cuda/products.h"

namespace convlens {
namespace {

struct TensorTile {
  template <class A, class B, class Store>
  static __device__ void multiply(const A& a, const B& b, int rows, int columns, int depth, int first_row,
                                  int first_column, const float* somewhere, const Store& store) {
    gemm_tile_tf32_to(a, b, rows, columns, depth, first_row, first_column, somewhere, store);
  }
};

// Each factor is off by 2^-11 at most, and a result of many products by less than that of the largest.
template <Pass pass>
Variant rung() {
  return product_variant<TensorTile, pass>("tensor_core_tf32", 0, 1e-3);
}

const RegisterVariant forward("linear", rung<Pass::forward>());
const RegisterVariant backward_data("linear", rung<Pass::backward_data>());
const RegisterVariant backward_weights("linear", rung<Pass::backward_weights>());

}  // namespace
}  // namespace convlens
