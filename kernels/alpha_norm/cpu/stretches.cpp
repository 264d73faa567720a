// One loop over memory serves all layouts, as padding channels are zero and give nothing. The two exponents of the
// literature, 2 and 6, are products and vectorised; others pay for `pow`.

#include <cmath>

#include "kernels/alpha_norm/alpha_norm.h"
#include "kernels/base/cpu/image_sums.h"
#include "kernels/base/registry.h"

namespace convlens {
namespace {

struct Alpha2 {
  double value(double x) const { return x * x; }
  float derivative(float x) const { return 2 * x; }
};

struct Alpha6 {
  double value(double x) const { return x * x * x * (x * x * x); }
  float derivative(float x) const { return 6 * (x * x) * (x * x) * x; }
};

struct AnyAlpha {
  float alpha;
  static float sign(float v) { return v > 0 ? 1.0F : v < 0 ? -1.0F : 0.0F; }
  double value(float x) const { return std::pow(std::abs(x), alpha); }
  float derivative(float x) const { return alpha * std::pow(std::abs(x), alpha - 1) * sign(x); }
};

template <class Body>
void with_alpha(const Problem& problem, const Body& body) {
  const double alpha = problem.params_as<AlphaNormParams>().alpha;
  if (alpha == 2) return body(Alpha2{});
  if (alpha == 6) return body(Alpha6{});
  body(AnyAlpha{static_cast<float>(alpha)});
}

void forward(const Problem& problem, const Arguments& args) {
  const TensorDesc& desc = problem.inputs[0];
  const int64_t image = desc.elements() / desc.shape.n();
  with_alpha(problem, [&, x = args.inputs[0].f32()](const auto& power) {
    const auto term = [=](int64_t n, int64_t i) { return power.value(x[n * image + i]); };
    image_sums(desc, term, 1, args.workspace, args.output.f32());
  });
}

void backward_data(const Problem& problem, const Arguments& args) {
  const int64_t image = problem.inputs[0].elements() / problem.inputs[0].shape.n();
  with_alpha(problem, [&, x = args.inputs[0].f32(), grad_y = args.grad_output.f32()](const auto& power) {
    const auto gradient = [=](int64_t n, int64_t i) { return grad_y[n] * power.derivative(x[n * image + i]); };
    image_gradients(args.grad_inputs[0], gradient, args.accumulate);
  });
}

const RegisterVariant registered_forward("alpha_norm", {.name = "stretches",
                                                        .device = Device::cpu,
                                                        .pass = Pass::forward,
                                                        .layouts = image_sums_layouts,
                                                        .prepare = stateless(forward, image_sums_workspace)});
const RegisterVariant registered_backward_data("alpha_norm", {.name = "stretches",
                                                              .device = Device::cpu,
                                                              .pass = Pass::backward_data,
                                                              .accumulates = true,
                                                              .layouts = image_sums_layouts,
                                                              .prepare = stateless(backward_data)});

}  // namespace
}  // namespace convlens
