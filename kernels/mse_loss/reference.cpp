// For each image, y = factor * sum over its elements i of (x[i] - t[i])^2 (factor: 1 or 1 / (C H W)), so
// dL/dx[i] = dL/dy 2 factor (x[i] - t[i]).

#include "kernels/base/registry.h"
#include "kernels/mse_loss/mse_loss.h"

namespace convlens {
namespace {

void forward(const Problem& problem, const Arguments& args) {
  const int64_t images = problem.inputs[0].shape.n(), elements = problem.inputs[0].elements() / images;
  const double *x = args.inputs[0].f64(), *target = args.weights[0].f64();
  for (int64_t n = 0; n < images; ++n) {
    double sum = 0;
    for (int64_t i = 0; i < elements; ++i) {
      const double difference = x[n * elements + i] - target[i];
      sum += difference * difference;
    }
    args.output.f64()[n] = mse_loss_factor(problem) * sum;
  }
}

void backward_data(const Problem& problem, const Arguments& args) {
  const int64_t images = problem.inputs[0].shape.n(), elements = problem.inputs[0].elements() / images;
  const double *x = args.inputs[0].f64(), *target = args.weights[0].f64();
  for (int64_t n = 0; n < images; ++n) {
    const double factor = 2 * mse_loss_factor(problem) * args.grad_output.f64()[n];
    for (int64_t i = 0; i < elements; ++i)
      args.grad_inputs[0].f64()[n * elements + i] = factor * (x[n * elements + i] - target[i]);
  }
}

const RegisterReference registered("mse_loss", forward, backward_data);

}  // namespace
}  // namespace convlens
