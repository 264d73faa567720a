// oneDNN's direct convolution: every multiplication of the formula, at up to 98 % of the arithmetic peak. Its forward
// pass adds all products of a result in one register, one after the other, which rounds more than short sums do.

#include "kernels/conv2d/cpu/onednn_convolution.h"

namespace convlens {
namespace {

Variant direct(Pass pass) {
  Variant variant = onednn_convolution("onednn_direct", dnnl::algorithm::convolution_direct, pass, 10);
  if (pass == Pass::forward) variant.relative_error = 5e-6;  // 3.8e-6 was the most found, of 4608 products
  return variant;
}

const RegisterVariant forward("conv2d", direct(Pass::forward));
const RegisterVariant backward_data("conv2d", direct(Pass::backward_data));
const RegisterVariant backward_weights("conv2d", direct(Pass::backward_weights));

}  // namespace
}  // namespace convlens
