// Forward:  y = x where x > 0, else s x; at most m (only one of s and m is given).
// Backward: with R = dL/dy, and f' = 1 where 0 < x < m, else s (which is 0 where m is given),
//   standard   dL/dx = f' R
//   deconvnet  dL/dx = max(R, 0)        (Zeiler and Fergus 2014)
//   guided     dL/dx = f' max(R, 0)     (Springenberg et al. 2015, figure 1)

#include <algorithm>

#include "kernels/base/registry.h"
#include "kernels/relu/relu.h"

namespace convlens {
namespace {

void forward(const Problem& problem, const Arguments& args) {
  const auto& p = problem.params_as<ReluParams>();
  const double* x = args.inputs[0].f64();
  double* y = args.output.f64();
  if (args.saved) std::fill_n(args.saved, relu_mask_bytes(problem.output), std::byte{0});
  for (int64_t i = 0; i < problem.output.elements(); ++i) {
    const bool on = x[i] > 0 && (!p.max_value || x[i] < *p.max_value);
    if (args.saved && on) args.saved[i / 8] |= std::byte{1} << static_cast<int>(i % 8);
    y[i] = x[i] > 0 ? x[i] : p.negative_slope * x[i];
    if (p.max_value) y[i] = std::min(y[i], *p.max_value);
  }
}

void backward_data(const Problem& problem, const Arguments& args) {
  const auto& p = problem.params_as<ReluParams>();
  const double* grad_y = args.grad_output.f64();
  double* grad_x = args.grad_inputs[0].f64();
  for (int64_t i = 0; i < problem.output.elements(); ++i) {
    const bool on = (args.saved[i / 8] >> static_cast<int>(i % 8) & std::byte{1}) != std::byte{0};
    const double slope = on ? 1 : p.negative_slope;
    const double positive = std::max(grad_y[i], 0.0);
    switch (args.mode) {
      case BackwardMode::standard: grad_x[i] = slope * grad_y[i]; break;
      case BackwardMode::guided: grad_x[i] = slope * positive; break;
      case BackwardMode::deconvnet: grad_x[i] = positive; break;
    }
  }
}

const RegisterReference registered("relu", forward, backward_data);

}  // namespace
}  // namespace convlens
