// For one channel of one image with P pixels:
//   m = (sum of x) / P,   d = sqrt(sum of (x - m)^2 / (P - correction) + eps)
//   dL/dx = dL/dm / P + dL/dd (x - m) / ((P - correction) d)

#include <cmath>

#include "kernels/base/registry.h"
#include "kernels/instance_statistics/instance_statistics.h"

namespace convlens {
namespace {

struct MeanAndStd {
  double mean, std;
};

MeanAndStd statistics_of(const double* x, int64_t pixels, const InstanceStatisticsParams& p) {
  double mean = 0, squares = 0;
  for (int64_t i = 0; i < pixels; ++i) mean += x[i] / static_cast<double>(pixels);
  for (int64_t i = 0; i < pixels; ++i) squares += (x[i] - mean) * (x[i] - mean);
  return {mean, std::sqrt(squares / static_cast<double>(pixels - p.correction) + p.eps)};
}

// Calls body(image's channel, place of its mean in the output, place of its standard deviation).
template <class Body>
void for_each_channel(const Shape& x, const Body& body) {
  for (int64_t n = 0; n < x.n(); ++n)
    for (int64_t c = 0; c < x.c(); ++c) body(n * x.c() + c, 2 * n * x.c() + c, (2 * n + 1) * x.c() + c);
}

void forward(const Problem& problem, const Arguments& args) {
  const Shape& shape = problem.inputs[0].shape;
  const int64_t pixels = shape.h() * shape.w();
  for_each_channel(shape, [&](int64_t channel, int64_t mean, int64_t std) {
    const MeanAndStd s =
        statistics_of(args.inputs[0].f64() + channel * pixels, pixels, problem.params_as<InstanceStatisticsParams>());
    args.output.f64()[mean] = s.mean;
    args.output.f64()[std] = s.std;
  });
}

void backward_data(const Problem& problem, const Arguments& args) {
  const auto& p = problem.params_as<InstanceStatisticsParams>();
  const Shape& shape = problem.inputs[0].shape;
  const int64_t pixels = shape.h() * shape.w();
  for_each_channel(shape, [&](int64_t channel, int64_t mean, int64_t std) {
    const double* x = args.inputs[0].f64() + channel * pixels;
    const MeanAndStd s = statistics_of(x, pixels, p);
    const double shift = args.grad_output.f64()[mean] / static_cast<double>(pixels);
    const double slope = args.grad_output.f64()[std] / (static_cast<double>(pixels - p.correction) * s.std);
    for (int64_t i = 0; i < pixels; ++i)
      args.grad_inputs[0].f64()[channel * pixels + i] = shift + slope * (x[i] - s.mean);
  });
}

const RegisterReference registered("instance_statistics", forward, backward_data);

}  // namespace
}  // namespace convlens
