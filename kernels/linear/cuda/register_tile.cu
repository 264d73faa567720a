// The products with 4 x 4 results a thread in registers (gemm_tile.h).

#include "kernels/linear/cuda/products.h"

namespace convlens {
namespace {

struct RegisterTile {
  template <class A, class B, class Store>
  static __device__ void multiply(const A& a, const B& b, int rows, int columns, int depth, int first_row,
                                  int first_column, const float* /*somewhere*/, const Store& store) {
    gemm_tile_to(a, b, rows, columns, depth, first_row, first_column, store);
  }
};

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
