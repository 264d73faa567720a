// y = tanh x. dy/dx = 1 - y^2, so dL/dx = (1 - y^2) dL/dy.

#include <cmath>

#include "kernels/base/registry.h"

namespace convlens {
namespace {

void forward(const Problem& problem, const Arguments& args) {
  const double* x = args.inputs[0].f64();
  double* y = args.output.f64();
  for (int64_t i = 0; i < problem.output.elements(); ++i) y[i] = std::tanh(x[i]);
}

void backward_data(const Problem& problem, const Arguments& args) {
  const double *y = args.output.f64(), *grad_y = args.grad_output.f64();
  double* grad_x = args.grad_inputs[0].f64();
  for (int64_t i = 0; i < problem.output.elements(); ++i) grad_x[i] = (1 - y[i] * y[i]) * grad_y[i];
}

const RegisterReference registered("tanh", forward, backward_data);

}  // namespace
}  // namespace convlens
