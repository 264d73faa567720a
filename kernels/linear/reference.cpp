// y[n,o] = b[o] + sum over k of w[o,k] x[n,k], where k runs through C, H, W in that order.
// Each term w x of that sum gives the gradients its two factors: dL/dx += dL/dy w, dL/dw += dL/dy x; dL/db sums dL/dy.

#include <algorithm>

#include "kernels/base/registry.h"
#include "kernels/linear/linear.h"

namespace convlens {
namespace {

void forward(const Problem& problem, const Arguments& args) {
  const LinearSizes s(problem);
  const double *x = args.inputs[0].f64(), *w = args.weights[0].f64();
  double* y = args.output.f64();
  for (int64_t n = 0; n < s.batch; ++n)
    for (int64_t o = 0; o < s.out_features; ++o) {
      double sum = args.weights.size() > 1 ? args.weights[1].f64()[o] : 0;
      for (int64_t k = 0; k < s.in_features; ++k) sum += w[o * s.in_features + k] * x[n * s.in_features + k];
      y[n * s.out_features + o] = sum;
    }
}

void backward_data(const Problem& problem, const Arguments& args) {
  const LinearSizes s(problem);
  const double *grad_y = args.grad_output.f64(), *w = args.weights[0].f64();
  double* grad_x = args.grad_inputs[0].f64();
  std::fill_n(grad_x, s.batch * s.in_features, 0.0);
  for (int64_t n = 0; n < s.batch; ++n)
    for (int64_t o = 0; o < s.out_features; ++o)
      for (int64_t k = 0; k < s.in_features; ++k)
        grad_x[n * s.in_features + k] += grad_y[n * s.out_features + o] * w[o * s.in_features + k];
}

void backward_weights(const Problem& problem, const Arguments& args) {
  const LinearSizes s(problem);
  const double *grad_y = args.grad_output.f64(), *x = args.inputs[0].f64();
  double* grad_w = args.grad_weights[0].f64();
  std::fill_n(grad_w, s.out_features * s.in_features, 0.0);
  for (int64_t n = 0; n < s.batch; ++n)
    for (int64_t o = 0; o < s.out_features; ++o)
      for (int64_t k = 0; k < s.in_features; ++k)
        grad_w[o * s.in_features + k] += grad_y[n * s.out_features + o] * x[n * s.in_features + k];
  if (args.grad_weights.size() < 2) return;
  double* grad_b = args.grad_weights[1].f64();
  std::fill_n(grad_b, s.out_features, 0.0);
  for (int64_t i = 0; i < s.batch * s.out_features; ++i) grad_b[i % s.out_features] += grad_y[i];
}

const RegisterReference registered("linear", forward, backward_data, backward_weights);

}  // namespace
}  // namespace convlens
