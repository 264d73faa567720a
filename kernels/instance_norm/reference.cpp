// For one channel of one image with P pixels, mean m, biased variance v and s = 1 / sqrt(v + eps):
//   xhat = s (x - m),  y = w xhat + b
//   dL/db = sum of dL/dy over pixels and images,  dL/dw = sum of xhat dL/dy
//   dL/dx = w s (dL/dy - mean of dL/dy - xhat * mean of (xhat dL/dy)), the means over the P pixels (see README.md).

#include <algorithm>
#include <cmath>

#include "kernels/base/instance_statistics.h"
#include "kernels/base/registry.h"
#include "kernels/instance_norm/instance_norm.h"

namespace convlens {
namespace {

InstanceStatistics statistics_of(const double* x, int64_t pixels, double eps) {
  double mean = 0, variance = 0;
  for (int64_t i = 0; i < pixels; ++i) mean += x[i] / static_cast<double>(pixels);
  for (int64_t i = 0; i < pixels; ++i) variance += (x[i] - mean) * (x[i] - mean) / static_cast<double>(pixels);
  return {mean, 1 / std::sqrt(variance + eps)};
}

void forward(const Problem& problem, const Arguments& args) {
  const auto& p = problem.params_as<InstanceNormParams>();
  const Shape& shape = problem.output.shape;
  const int64_t pixels = shape.h() * shape.w();
  for (int64_t k = 0; k < shape.n() * shape.c(); ++k) {
    const double* x = args.inputs[0].f64() + k * pixels;
    const InstanceStatistics s = statistics_of(x, pixels, p.eps);
    if (args.saved) reinterpret_cast<InstanceStatistics*>(args.saved)[k] = s;
    const double weight = p.affine ? args.weights[0].f64()[k % shape.c()] : 1;
    const double bias = p.affine ? args.weights[1].f64()[k % shape.c()] : 0;
    for (int64_t i = 0; i < pixels; ++i)
      args.output.f64()[k * pixels + i] = weight * s.inverse_std * (x[i] - s.mean) + bias;
  }
}

void backward_data(const Problem& problem, const Arguments& args) {
  const auto& p = problem.params_as<InstanceNormParams>();
  const Shape& shape = problem.output.shape;
  const int64_t pixels = shape.h() * shape.w();
  for (int64_t k = 0; k < shape.n() * shape.c(); ++k) {
    const double *x = args.inputs[0].f64() + k * pixels, *grad_y = args.grad_output.f64() + k * pixels;
    const InstanceStatistics s = reinterpret_cast<const InstanceStatistics*>(args.saved)[k];
    const auto xhat = [&](int64_t i) { return s.inverse_std * (x[i] - s.mean); };
    double mean = 0, mean_product = 0;
    for (int64_t i = 0; i < pixels; ++i) {
      mean += grad_y[i] / static_cast<double>(pixels);
      mean_product += grad_y[i] * xhat(i) / static_cast<double>(pixels);
    }
    const double weight = p.affine ? args.weights[0].f64()[k % shape.c()] : 1;
    for (int64_t i = 0; i < pixels; ++i)
      args.grad_inputs[0].f64()[k * pixels + i] = weight * s.inverse_std * (grad_y[i] - mean - xhat(i) * mean_product);
  }
}

void backward_weights(const Problem& problem, const Arguments& args) {
  if (args.grad_weights.empty()) return;
  const Shape& shape = problem.output.shape;
  const int64_t pixels = shape.h() * shape.w();
  for (const TensorView& gradient : args.grad_weights) std::fill_n(gradient.f64(), shape.c(), 0.0);
  for (int64_t k = 0; k < shape.n() * shape.c(); ++k) {
    const InstanceStatistics s = reinterpret_cast<const InstanceStatistics*>(args.saved)[k];
    for (int64_t i = k * pixels; i < (k + 1) * pixels; ++i) {
      const double grad_y = args.grad_output.f64()[i];
      args.grad_weights[0].f64()[k % shape.c()] += grad_y * s.inverse_std * (args.inputs[0].f64()[i] - s.mean);
      args.grad_weights[1].f64()[k % shape.c()] += grad_y;
    }
  }
}

const RegisterReference registered("instance_norm", forward, backward_data, backward_weights);

}  // namespace
}  // namespace convlens
