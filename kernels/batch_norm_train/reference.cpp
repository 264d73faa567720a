// For one channel with P numbers in the batch, their mean m and biased variance v, and s = 1 / sqrt(v + eps):
//   xhat = s (x - m),  y = w xhat + b
//   dL/db = sum of dL/dy,  dL/dw = sum of xhat dL/dy
//   dL/dx = w s (dL/dy - mean of dL/dy - xhat * mean of (xhat dL/dy)), the means over the P numbers (see README.md).

#include <cmath>

#include "kernels/base/registry.h"
#include "kernels/batch_norm_train/batch_norm_train.h"

namespace convlens {
namespace {

// Calls body(i) for every number of channel c in the batch.
template <class Body>
void for_channel(const Shape& shape, int64_t c, const Body& body) {
  const int64_t plane = shape.h() * shape.w();
  for (int64_t n = 0; n < shape.n(); ++n)
    for (int64_t i = 0; i < plane; ++i) body((n * shape.c() + c) * plane + i);
}

InstanceStatistics statistics_of(const Shape& shape, int64_t c, const double* x, double eps) {
  const auto count = static_cast<double>(batch_norm_count(shape));
  double mean = 0, variance = 0;
  for_channel(shape, c, [&](int64_t i) { mean += x[i] / count; });
  for_channel(shape, c, [&](int64_t i) { variance += (x[i] - mean) * (x[i] - mean) / count; });
  return {mean, 1 / std::sqrt(variance + eps)};
}

void forward(const Problem& problem, const Arguments& args) {
  const Shape& shape = problem.output.shape;
  const double* x = args.inputs[0].f64();
  for (int64_t c = 0; c < shape.c(); ++c) {
    const auto s = statistics_of(shape, c, x, problem.params_as<BatchNormTrainParams>().eps);
    if (args.saved) reinterpret_cast<InstanceStatistics*>(args.saved)[c] = s;
    const double weight = args.weights[0].f64()[c], bias = args.weights[1].f64()[c];
    for_channel(shape, c, [&](int64_t i) { args.output.f64()[i] = weight * s.inverse_std * (x[i] - s.mean) + bias; });
  }
}

// The sums of dL/dy and of xhat dL/dy.
InstanceGradient sums_of(const Shape& shape, const Arguments& args, int64_t c) {
  const auto& s = reinterpret_cast<const InstanceStatistics*>(args.saved)[c];
  InstanceGradient sums{};
  for_channel(shape, c, [&](int64_t i) {
    const double grad_y = args.grad_output.f64()[i];
    sums.shift += grad_y;
    sums.scale += grad_y * s.inverse_std * (args.inputs[0].f64()[i] - s.mean);
  });
  return sums;
}

void backward_data(const Problem& problem, const Arguments& args) {
  const Shape& shape = problem.output.shape;
  const auto count = static_cast<double>(batch_norm_count(shape));
  for (int64_t c = 0; c < shape.c(); ++c) {
    const auto& s = reinterpret_cast<const InstanceStatistics*>(args.saved)[c];
    const InstanceGradient sums = sums_of(shape, args, c);
    for_channel(shape, c, [&](int64_t i) {
      const double xhat = s.inverse_std * (args.inputs[0].f64()[i] - s.mean);
      args.grad_inputs[0].f64()[i] = args.weights[0].f64()[c] * s.inverse_std *
                                     (args.grad_output.f64()[i] - sums.shift / count - xhat * sums.scale / count);
    });
  }
}

void backward_weights(const Problem& problem, const Arguments& args) {
  const Shape& shape = problem.output.shape;
  for (int64_t c = 0; c < shape.c(); ++c) {
    const InstanceGradient sums = sums_of(shape, args, c);
    args.grad_weights[0].f64()[c] = sums.scale;
    args.grad_weights[1].f64()[c] = sums.shift;
  }
}

const RegisterReference registered("batch_norm_train", forward, backward_data, backward_weights);

}  // namespace
}  // namespace convlens
