// oneDNN's direct convolution: every multiplication of the formula, at up to 98 % of the arithmetic peak.

#include "kernels/conv2d/cpu/onednn_convolution.h"

namespace convlens {
namespace {

constexpr auto direct = dnnl::algorithm::convolution_direct;

const RegisterVariant forward("conv2d", onednn_convolution("onednn_direct", direct, Pass::forward, 10));
const RegisterVariant backward_data("conv2d", onednn_convolution("onednn_direct", direct, Pass::backward_data, 10));
const RegisterVariant backward_weights("conv2d",
                                       onednn_convolution("onednn_direct", direct, Pass::backward_weights, 10));

}  // namespace
}  // namespace convlens
