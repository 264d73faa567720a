// Winograd's F(4 x 4, 3 x 3) (winograd.h): 36 products for 16 results in place of 144, a quarter, where F(2 x 2) makes
// four ninths; and the transformed input is 2.25 times the input. The price is accuracy: numbers are taken apart with
// factors up to 8 and come back as differences, which costs about a digit.

#include "kernels/conv2d/cuda/winograd.h"

namespace convlens {
namespace {

// Measured on the test cases: errors up to 2e-6 of the largest result.
Variant rung(Pass pass) {
  Variant variant = winograd_rung<4>("11_winograd_4x4", pass);
  variant.relative_error = 1e-5;
  variant.exact_integers = false;  // thirds and 24ths are not exact in binary
  return variant;
}

const RegisterVariant forward("conv2d", rung(Pass::forward));
const RegisterVariant backward_data("conv2d", rung(Pass::backward_data));

}  // namespace
}  // namespace convlens
