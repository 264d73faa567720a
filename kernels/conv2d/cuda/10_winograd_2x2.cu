// Winograd's F(2 x 2, 3 x 3) (winograd.h): 16 products for 4 results in place of 36. What it saves in arithmetic, it
// pays in memory: tiles of 4 x 4 overlap by half, so that the transformed input is 4 times the input, and the products
// are 4 times the output; each is written once and read once. Its factors are halves, exact in binary.

#include "kernels/conv2d/cuda/winograd.h"

namespace convlens {
namespace {

const RegisterVariant forward("conv2d", winograd_rung<2>("10_winograd_2x2", Pass::forward));
const RegisterVariant backward_data("conv2d", winograd_rung<2>("10_winograd_2x2", Pass::backward_data));

}  // namespace
}  // namespace convlens
