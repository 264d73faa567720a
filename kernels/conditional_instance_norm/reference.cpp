// gamma[n,c] = sum over s of share[n,s] weight[s,c], beta[n,c] = sum over s of share[n,s] bias[s,c].
// With m, v the mean and biased variance over the pixels of (n, c), r = 1 / sqrt(v + eps), xhat = r (x - m):
//   y = gamma xhat + beta
//   dL/dgamma[n,c] = sum over pixels of xhat dL/dy,  dL/dbeta[n,c] = sum over pixels of dL/dy
//   dL/dweight[s,c] = sum over n of share[n,s] dL/dgamma[n,c];  dL/dbias likewise with beta
//   dL/dshare[n,s] = sum over c of weight[s,c] dL/dgamma[n,c] + bias[s,c] dL/dbeta[n,c]
//   dL/dx = gamma r (dL/dy - mean of dL/dy - xhat * mean of (xhat dL/dy)), as for instance_norm.

#include <algorithm>
#include <cmath>

#include "kernels/base/instance_statistics.h"
#include "kernels/base/registry.h"
#include "kernels/conditional_instance_norm/conditional_instance_norm.h"

namespace convlens {
namespace {

struct Sizes {
  explicit Sizes(const Problem& problem)
      : batch(problem.output.shape.n()),
        channels(problem.output.shape.c()),
        pixels(problem.output.shape.h() * problem.output.shape.w()),
        styles(problem.params_as<ConditionalInstanceNormParams>().styles) {}
  int64_t batch, channels, pixels, styles;
};

InstanceStatistics statistics_of(const double* x, int64_t pixels, double eps) {
  double mean = 0, variance = 0;
  for (int64_t i = 0; i < pixels; ++i) mean += x[i] / static_cast<double>(pixels);
  for (int64_t i = 0; i < pixels; ++i) variance += (x[i] - mean) * (x[i] - mean) / static_cast<double>(pixels);
  return {mean, 1 / std::sqrt(variance + eps)};
}

// gamma from the weights, beta from the biases
double mixed(const Sizes& z, const double* share, const double* of_styles, int64_t n, int64_t c) {
  double sum = 0;
  for (int64_t s = 0; s < z.styles; ++s) sum += share[n * z.styles + s] * of_styles[s * z.channels + c];
  return sum;
}

InstanceGradient gradient_of(const double* grad_y, const double* x, int64_t pixels, const InstanceStatistics& s) {
  InstanceGradient gradient{};
  for (int64_t i = 0; i < pixels; ++i) {
    gradient.shift += grad_y[i];
    gradient.scale += grad_y[i] * s.inverse_std * (x[i] - s.mean);
  }
  return gradient;
}

void forward(const Problem& problem, const Arguments& args) {
  const Sizes z(problem);
  const double* share = args.inputs[1].f64();
  for (int64_t n = 0; n < z.batch; ++n)
    for (int64_t c = 0; c < z.channels; ++c) {
      const int64_t k = n * z.channels + c;
      const double* x = args.inputs[0].f64() + k * z.pixels;
      const InstanceStatistics s = statistics_of(x, z.pixels, problem.params_as<ConditionalInstanceNormParams>().eps);
      if (args.saved) reinterpret_cast<InstanceStatistics*>(args.saved)[k] = s;
      const double gamma = mixed(z, share, args.weights[0].f64(), n, c),
                   beta = mixed(z, share, args.weights[1].f64(), n, c);
      for (int64_t i = 0; i < z.pixels; ++i)
        args.output.f64()[k * z.pixels + i] = gamma * s.inverse_std * (x[i] - s.mean) + beta;
    }
}

void backward_features(const Sizes& z, const Arguments& args, int64_t n, int64_t c) {
  const int64_t k = n * z.channels + c;
  const double *x = args.inputs[0].f64() + k * z.pixels, *grad_y = args.grad_output.f64() + k * z.pixels;
  const InstanceStatistics s = reinterpret_cast<const InstanceStatistics*>(args.saved)[k];
  const InstanceGradient sums = gradient_of(grad_y, x, z.pixels, s);
  const double gamma = mixed(z, args.inputs[1].f64(), args.weights[0].f64(), n, c);
  const double pixels = static_cast<double>(z.pixels);
  for (int64_t i = 0; i < z.pixels; ++i) {
    const double xhat = s.inverse_std * (x[i] - s.mean);
    args.grad_inputs[0].f64()[k * z.pixels + i] =
        gamma * s.inverse_std * (grad_y[i] - sums.shift / pixels - xhat * sums.scale / pixels);
  }
}

void backward_shares(const Sizes& z, const Arguments& args, int64_t n, int64_t s) {
  double sum = 0;
  for (int64_t c = 0; c < z.channels; ++c) {
    const int64_t k = n * z.channels + c;
    const InstanceGradient g = gradient_of(args.grad_output.f64() + k * z.pixels, args.inputs[0].f64() + k * z.pixels,
                                           z.pixels, reinterpret_cast<const InstanceStatistics*>(args.saved)[k]);
    sum += args.weights[0].f64()[s * z.channels + c] * g.scale + args.weights[1].f64()[s * z.channels + c] * g.shift;
  }
  args.grad_inputs[1].f64()[n * z.styles + s] = sum;
}

void backward_data(const Problem& problem, const Arguments& args) {
  const Sizes z(problem);
  for (int64_t n = 0; n < z.batch; ++n) {
    for (int64_t c = 0; args.grad_inputs[0] && c < z.channels; ++c) backward_features(z, args, n, c);
    for (int64_t s = 0; args.grad_inputs[1] && s < z.styles; ++s) backward_shares(z, args, n, s);
  }
}

void backward_weights(const Problem& problem, const Arguments& args) {
  const Sizes z(problem);
  for (const TensorView& gradient : args.grad_weights) std::fill_n(gradient.f64(), z.styles * z.channels, 0.0);
  for (int64_t n = 0; n < z.batch; ++n)
    for (int64_t c = 0; c < z.channels; ++c) {
      const int64_t k = n * z.channels + c;
      const InstanceGradient g = gradient_of(args.grad_output.f64() + k * z.pixels, args.inputs[0].f64() + k * z.pixels,
                                             z.pixels, reinterpret_cast<const InstanceStatistics*>(args.saved)[k]);
      for (int64_t s = 0; s < z.styles; ++s) {
        const double share = args.inputs[1].f64()[n * z.styles + s];
        args.grad_weights[0].f64()[s * z.channels + c] += share * g.scale;
        args.grad_weights[1].f64()[s * z.channels + c] += share * g.shift;
      }
    }
}

const RegisterReference registered("conditional_instance_norm", forward, backward_data, backward_weights);

}  // namespace
}  // namespace convlens
