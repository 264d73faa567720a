// oneDNN's Winograd F(4x4, 3x3) (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2016): 36
// multiplications for 16 outputs instead of 144, paid for with transforms of input, weights and output.

#include "kernels/conv2d/conv2d.h"
#include "kernels/conv2d/cpu/onednn_convolution.h"

namespace convlens {
namespace {

Variant winograd(Pass pass) {
  Variant variant = onednn_convolution("onednn_winograd", dnnl::algorithm::convolution_winograd, pass, 20);
  variant.relative_error = 1e-5;
  variant.exact_integers = false;
  return variant;
}

// Its backward pass transforms the weights at every run, which on small maps costs more than Winograd saves.
Variant winograd_backward() {
  constexpr int64_t smallest_map = 28 * 28;
  Variant variant = winograd(Pass::backward_data);
  variant.refuses = [refuses = variant.refuses](const Problem& problem) -> std::optional<std::string> {
    if (problem.output.shape.h() * problem.output.shape.w() < smallest_map)
      return "is slower than the direct one on small maps";
    return refuses(problem);
  };
  return variant;
}

const RegisterVariant forward("conv2d", winograd(Pass::forward));
const RegisterVariant backward_data("conv2d", winograd_backward());

}  // namespace
}  // namespace convlens
