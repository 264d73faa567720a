// A convolution as a product of matrices (implicit_gemm.h), made tile by tile: slices of both go through shared memory,
// where a value that was loaded once serves 64 results, so global memory is read 1/64 as often as by 01_naive; each
// thread keeps 4 x 4 results in registers, so that 16 multiplications cost two reads of shared memory of 16 bytes
// (gemm_tile.h). Bias and activation are applied as results are stored.

#include "kernels/base/cuda/gemm_tile.h"
#include "kernels/conv2d/cuda/implicit_gemm.h"

namespace convlens {
namespace {

template <Pass pass>
Variant rung() {
  return gemm_variant<WholeDepth<RegisterTile>, pass>("03_register_tile", 3);
}

const RegisterVariant forward("conv2d", rung<Pass::forward>());
const RegisterVariant backward_data("conv2d", rung<Pass::backward_data>());
const RegisterVariant backward_weights("conv2d", rung<Pass::backward_weights>());

}  // namespace
}  // namespace convlens
