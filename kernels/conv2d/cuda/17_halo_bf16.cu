// 16_halo_f16 with bfloat16, which has the range of f32 and an eighth of binary16's digits.

#include "kernels/conv2d/cuda/tensor_core_halo.h"

namespace convlens {
namespace {

// Both factors are off by 2^-8 at most.
Variant rung(Pass pass) { return tensor_core_halo_rung<__nv_bfloat16>("17_halo_bf16", pass, 8e-3); }

const RegisterVariant forward("conv2d", rung(Pass::forward));
const RegisterVariant backward_data("conv2d", rung(Pass::backward_data));

}  // namespace
}  // namespace convlens
