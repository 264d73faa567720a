// For one channel of one image, with means m, M and standard deviations d, D of content x and style s over P and Q
// pixels:
//   y = D xhat + M,   xhat = (x - m) / d,   d = sqrt(sum of (x - m)^2 / (P - correction) + eps), D likewise
//   dL/dM = sum of dL/dy,   dL/dD = sum of xhat dL/dy
//   dL/dx = D / d (dL/dy - dL/dM / P - xhat dL/dD / (P - correction))
//   dL/ds = dL/dM / Q + dL/dD (s - M) / ((Q - correction) D)

#include <cmath>

#include "kernels/adaptive_instance_norm/adaptive_instance_norm.h"
#include "kernels/base/registry.h"

namespace convlens {
namespace {

// One channel of one image.
struct Channel {
  Channel(const Problem& problem, const Arguments& args, size_t input, int64_t k)
      : pixels(problem.inputs[input].shape.h() * problem.inputs[input].shape.w()),
        divisor(static_cast<double>(pixels - problem.params_as<AdaptiveInstanceNormParams>().correction)),
        x(args.inputs[input].f64() + k * pixels) {
    for (int64_t i = 0; i < pixels; ++i) mean += x[i] / static_cast<double>(pixels);
    for (int64_t i = 0; i < pixels; ++i) std += (x[i] - mean) * (x[i] - mean) / divisor;
    std = std::sqrt(std + problem.params_as<AdaptiveInstanceNormParams>().eps);
  }
  double hat(int64_t i) const { return (x[i] - mean) / std; }

  int64_t pixels;
  double divisor;
  const double* x;
  double mean = 0, std = 0;
};

int64_t channels(const Problem& problem) { return problem.output.shape.n() * problem.output.shape.c(); }

void forward(const Problem& problem, const Arguments& args) {
  for (int64_t k = 0; k < channels(problem); ++k) {
    const Channel content(problem, args, 0, k), style(problem, args, 1, k);
    for (int64_t i = 0; i < content.pixels; ++i)
      args.output.f64()[k * content.pixels + i] = style.std * content.hat(i) + style.mean;
  }
}

void backward_data(const Problem& problem, const Arguments& args) {
  for (int64_t k = 0; k < channels(problem); ++k) {
    const Channel content(problem, args, 0, k), style(problem, args, 1, k);
    const double* grad_y = args.grad_output.f64() + k * content.pixels;
    double by_mean = 0, by_std = 0;
    for (int64_t i = 0; i < content.pixels; ++i) {
      by_mean += grad_y[i];
      by_std += grad_y[i] * content.hat(i);
    }
    const auto pixels = static_cast<double>(content.pixels), style_pixels = static_cast<double>(style.pixels);
    for (int64_t i = 0; args.grad_inputs[0] && i < content.pixels; ++i)
      args.grad_inputs[0].f64()[k * content.pixels + i] =
          style.std / content.std * (grad_y[i] - by_mean / pixels - content.hat(i) * by_std / content.divisor);
    for (int64_t i = 0; args.grad_inputs[1] && i < style.pixels; ++i)
      args.grad_inputs[1].f64()[k * style.pixels + i] = by_mean / style_pixels + by_std * style.hat(i) / style.divisor;
  }
}

const RegisterReference registered("adaptive_instance_norm", forward, backward_data);

}  // namespace
}  // namespace convlens
