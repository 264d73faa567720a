// The gradient by oneDNN's forward Winograd (rotated.h): its backward one transforms the weights at every run, the
// forward one takes them transformed once.

#include "kernels/conv2d/cpu/onednn_convolution.h"
#include "kernels/conv2d/cpu/rotated.h"

namespace convlens {
namespace {

constexpr auto winograd = dnnl::algorithm::convolution_winograd;

const Variant& forward_winograd() {
  static const Variant variant = onednn_convolution("onednn_winograd", winograd, Pass::forward, 0);
  return variant;
}

std::optional<std::string> refuses(const Problem& problem) {
  if (auto reason = rotation_refuses(problem)) return reason;
  return forward_winograd().refuses(rotated(problem));
}

const RegisterVariant registered("conv2d", {.name = "onednn_winograd_rotated",
                                            .device = Device::cpu,
                                            .pass = Pass::backward_data,
                                            .priority = 30,
                                            .relative_error = 1e-5,
                                            .exact_integers = false,
                                            .layouts = forward_winograd().layouts,
                                            .refuses = refuses,
                                            .prepare = [](const Problem& problem) {
                                              return rotated_kernel(problem,
                                                                    forward_winograd().prepare(rotated(problem)));
                                            }});

}  // namespace
}  // namespace convlens
