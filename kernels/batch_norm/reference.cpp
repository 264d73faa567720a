// With s = 1 / sqrt(v + eps), for each channel (w: weight, b: bias, m: running mean, v: running variance):
//   y = w s (x - m) + b
//   dL/dx = w s dL/dy
//   dL/dw = sum of s (x - m) dL/dy          dL/db = sum of dL/dy
//   dL/dm = -w s sum of dL/dy               dL/dv = -1/2 w s^3 sum of (x - m) dL/dy, since ds/dv = -1/2 s^3

#include <cmath>

#include "kernels/base/registry.h"
#include "kernels/batch_norm/batch_norm.h"

namespace convlens {
namespace {

struct Channel {
  double weight, bias, mean, inverse_std;
};

Channel channel_of(const Problem& problem, const Arguments& args, int64_t c) {
  const auto value = [&](BatchNormWeight which) { return args.weights[which].f64()[c]; };
  return {value(bn_weight), value(bn_bias), value(bn_running_mean),
          1 / std::sqrt(value(bn_running_var) + problem.params_as<BatchNormParams>().eps)};
}

void forward(const Problem& problem, const Arguments& args) {
  const Shape& shape = problem.output.shape;
  const int64_t plane = shape.h() * shape.w();
  for (int64_t i = 0; i < shape.elements(); ++i) {
    const Channel k = channel_of(problem, args, i / plane % shape.c());
    args.output.f64()[i] = k.weight * k.inverse_std * (args.inputs[0].f64()[i] - k.mean) + k.bias;
  }
}

void backward_data(const Problem& problem, const Arguments& args) {
  const Shape& shape = problem.output.shape;
  const int64_t plane = shape.h() * shape.w();
  for (int64_t i = 0; i < shape.elements(); ++i) {
    const Channel k = channel_of(problem, args, i / plane % shape.c());
    args.grad_inputs[0].f64()[i] = k.weight * k.inverse_std * args.grad_output.f64()[i];
  }
}

void backward_weights(const Problem& problem, const Arguments& args) {
  const Shape& shape = problem.output.shape;
  const int64_t plane = shape.h() * shape.w();
  for (int64_t c = 0; c < shape.c(); ++c) {
    const Channel k = channel_of(problem, args, c);
    double sum = 0, sum_centered = 0;
    for (int64_t n = 0; n < shape.n(); ++n)
      for (int64_t i = (n * shape.c() + c) * plane; i < (n * shape.c() + c + 1) * plane; ++i) {
        sum += args.grad_output.f64()[i];
        sum_centered += args.grad_output.f64()[i] * (args.inputs[0].f64()[i] - k.mean);
      }
    args.grad_weights[bn_weight].f64()[c] = k.inverse_std * sum_centered;
    args.grad_weights[bn_bias].f64()[c] = sum;
    args.grad_weights[bn_running_mean].f64()[c] = -k.weight * k.inverse_std * sum;
    args.grad_weights[bn_running_var].f64()[c] = -0.5 * k.weight * std::pow(k.inverse_std, 3) * sum_centered;
  }
}

const RegisterReference registered("batch_norm", forward, backward_data, backward_weights);

}  // namespace
}  // namespace convlens
