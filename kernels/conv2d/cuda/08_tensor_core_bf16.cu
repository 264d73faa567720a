// 07_tensor_core_f16 with bfloat16: the same bytes and the same speed, the range of f32, and 8 bits of mantissa in
// place of 11.

#include "kernels/conv2d/cuda/tensor_core_rung.h"

namespace convlens {
namespace {

// Both factors are off by 2^-8 at most.
Variant rung(Pass pass) { return tensor_core_rung<__nv_bfloat16>("08_tensor_core_bf16", pass, 8e-3); }

const RegisterVariant forward("conv2d", rung(Pass::forward));
const RegisterVariant backward_data("conv2d", rung(Pass::backward_data));
const RegisterVariant backward_weights("conv2d", rung(Pass::backward_weights));

}  // namespace
}  // namespace convlens
