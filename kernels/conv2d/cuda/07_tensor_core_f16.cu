// 06_tensor_core_tf32 with numbers of half the size in NHWC (tensor_core_nhwc.h): mma.m16n8k16 makes twice the products
// in one instruction (an H100 has 989 TFLOP/s of these and 495 of TF32: NVIDIA H100 datasheet, dense), a slice in
// shared memory takes half the bytes, and one ldmatrix brings what were four loads. Channels lie side by side, so
// values come from global memory 16 bytes at a time, one address for four; filters are rounded and put in the tile's
// order once. Binary16 ends at 65504: taken only when it is named.

#include "kernels/conv2d/cuda/tensor_core_rung.h"

namespace convlens {
namespace {

// Both factors are off by 2^-11 at most.
Variant rung(Pass pass) { return tensor_core_rung<__half>("07_tensor_core_f16", pass, 1e-3); }

const RegisterVariant forward("conv2d", rung(Pass::forward));
const RegisterVariant backward_data("conv2d", rung(Pass::backward_data));
const RegisterVariant backward_weights("conv2d", rung(Pass::backward_weights));

}  // namespace
}  // namespace convlens
