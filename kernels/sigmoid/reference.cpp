// y = 1 / (1 + e^-x). dy/dx = e^-x / (1 + e^-x)^2 = y (1 - y), so dL/dx = y (1 - y) dL/dy.

#include <cmath>

#include "kernels/base/registry.h"

namespace convlens {
namespace {

void forward(const Problem& problem, const Arguments& args) {
  const double* x = args.inputs[0].f64();
  double* y = args.output.f64();
  for (int64_t i = 0; i < problem.output.elements(); ++i) y[i] = 1 / (1 + std::exp(-x[i]));
}

void backward_data(const Problem& problem, const Arguments& args) {
  const double *y = args.output.f64(), *grad_y = args.grad_output.f64();
  double* grad_x = args.grad_inputs[0].f64();
  for (int64_t i = 0; i < problem.output.elements(); ++i) grad_x[i] = y[i] * (1 - y[i]) * grad_y[i];
}

const RegisterReference registered("sigmoid", forward, backward_data);

}  // namespace
}  // namespace convlens
