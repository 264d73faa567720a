// 04_async_copy with its multiplications on tensor cores (gemm_tile_tf32.h): a warp's mma.m16n8k8 makes 1024
// multiplications in one instruction, where 04 issues 32 instructions of 32; an A100 has 156 TFLOP/s of these and 19.5
// of those (NVIDIA A100 whitepaper). Inputs are rounded to 10 bits of mantissa, so it is taken only when it is named.
// Bytes moved are those of 04_async_copy.

#include "kernels/base/cuda/gemm_tile_tf32.h"
#include "kernels/conv2d/cuda/implicit_gemm.h"

namespace convlens {
namespace {

// Each factor is off by 2^-11 at most, and a result of many products by less than that of the largest.
template <Pass pass>
Variant rung() {
  Variant variant = gemm_variant<WholeDepth<Tf32Tile>, pass>("06_tensor_core_tf32", 0);
  variant.relative_error = 1e-3;
  return variant;
}

const RegisterVariant forward("conv2d", rung<Pass::forward>());
const RegisterVariant backward_data("conv2d", rung<Pass::backward_data>());
const RegisterVariant backward_weights("conv2d", rung<Pass::backward_weights>());

}  // namespace
}  // namespace convlens
