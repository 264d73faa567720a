// For each image, y = sum over its elements i of |x[i]|^alpha, so
// dL/dx[i] = dL/dy alpha |x[i]|^(alpha - 1) sign(x[i]), and 0 where x[i] = 0, also at alpha's kink of 1.

#include <cmath>

#include "kernels/alpha_norm/alpha_norm.h"
#include "kernels/base/registry.h"

namespace convlens {
namespace {

double sign(double v) { return v > 0 ? 1 : v < 0 ? -1 : 0; }

void forward(const Problem& problem, const Arguments& args) {
  const int64_t images = problem.inputs[0].shape.n(), elements = problem.inputs[0].elements() / images;
  const double alpha = problem.params_as<AlphaNormParams>().alpha, *x = args.inputs[0].f64();
  for (int64_t n = 0; n < images; ++n) {
    double sum = 0;
    for (int64_t i = n * elements; i < (n + 1) * elements; ++i) sum += std::pow(std::abs(x[i]), alpha);
    args.output.f64()[n] = sum;
  }
}

void backward_data(const Problem& problem, const Arguments& args) {
  const int64_t images = problem.inputs[0].shape.n(), elements = problem.inputs[0].elements() / images;
  const double alpha = problem.params_as<AlphaNormParams>().alpha, *x = args.inputs[0].f64();
  for (int64_t i = 0; i < images * elements; ++i)
    args.grad_inputs[0].f64()[i] =
        args.grad_output.f64()[i / elements] * alpha * std::pow(std::abs(x[i]), alpha - 1) * sign(x[i]);
}

const RegisterReference registered("alpha_norm", forward, backward_data);

}  // namespace
}  // namespace convlens
