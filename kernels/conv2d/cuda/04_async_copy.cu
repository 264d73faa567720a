// 03_register_tile with its loads out of the way: cp.async carries the next slice from global into shared memory, past
// the registers, while the block multiplies the present one (gemm_tile_async.h). Two slices of each operand take 8.5
// KiB of shared memory instead of 4.25; the bytes moved are the same, but nobody waits for them while there is
// something to compute. Padding is filled with zeros by the copy itself.

#include "kernels/base/cuda/gemm_tile_async.h"
#include "kernels/conv2d/cuda/implicit_gemm.h"

namespace convlens {
namespace {

template <Pass pass>
Variant rung() {
  return gemm_variant<WholeDepth<AsyncTile>, pass>("04_async_copy", 4);
}

const RegisterVariant forward("conv2d", rung<Pass::forward>());
const RegisterVariant backward_data("conv2d", rung<Pass::backward_data>());
const RegisterVariant backward_weights("conv2d", rung<Pass::backward_weights>());

}  // namespace
}  // namespace convlens
