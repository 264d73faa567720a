// oneDNN's convolution in NCHW, mostly as a product of matrices (im2col): for what its blocked kernels cannot, such as
// the gradient of an image of three channels, or groups of a few channels. It never refuses a convolution in NCHW:
// where oneDNN has only its reference loops, those are what there is.

#include "kernels/conv2d/cpu/onednn_convolution.h"

namespace convlens {
namespace {

constexpr auto direct = dnnl::algorithm::convolution_direct;

Variant plain(Pass pass) {
  Variant variant = onednn_convolution("onednn_plain", direct, pass, 5);
  variant.layouts = [](const Problem&) { return IoLayout{Layout::nchw, Layout::nchw}; };
  variant.refuses = [pass](const Problem& problem) -> std::optional<std::string> {
    if (problem.inputs[0].layout != Layout::nchw || problem.output.layout != Layout::nchw) return "takes NCHW only";
    if (onednn_implementation(problem, direct, pass).empty()) return "oneDNN has no such convolution";
    return std::nullopt;
  };
  return variant;
}

const RegisterVariant forward("conv2d", plain(Pass::forward));
const RegisterVariant backward_data("conv2d", plain(Pass::backward_data));
const RegisterVariant backward_weights("conv2d", plain(Pass::backward_weights));

}  // namespace
}  // namespace convlens
