// For each image, with d = g - weight_decay x over its P elements:
//   s = 1 (none), mean |d| (mean_abs), sqrt(mean (d - mean d)^2) (std), or sqrt(sum d^2) (l2)
//   x = min(max(x + lr d / s, min), max);  without d / s where s = 0.

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "kernels/gradient_ascent/gradient_ascent.h"

namespace convlens {
namespace {

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

double size_of(StepNormalisation normalisation, std::vector<double> d) {
  switch (normalisation) {
    case StepNormalisation::none: return 1;
    case StepNormalisation::mean_abs:
      for (double& value : d) value = std::abs(value);
      return mean(d);
    case StepNormalisation::l2: return std::sqrt(std::inner_product(d.begin(), d.end(), d.begin(), 0.0));
    case StepNormalisation::std: break;
  }
  const double center = mean(d);
  for (double& value : d) value = (value - center) * (value - center);
  return std::sqrt(mean(d));
}

void run(const UpdateProblem& problem, const UpdateArguments& args) {
  const auto& p = problem.params_as<GradientAscentParams>();
  const int64_t images = problem.tensor.shape.n(), elements = problem.tensor.elements() / images;
  std::vector<double> d(static_cast<size_t>(elements));
  for (int64_t n = 0; n < images; ++n) {
    double* x = args.value.f64() + n * elements;
    const double* g = args.gradient.f64() + n * elements;
    for (int64_t i = 0; i < elements; ++i) d[static_cast<size_t>(i)] = g[i] - p.weight_decay * x[i];
    const double size = size_of(p.normalisation, d);
    for (int64_t i = 0; i < elements; ++i) {
      if (size != 0) x[i] += p.lr * d[static_cast<size_t>(i)] / size;
      if (p.min) x[i] = std::max(x[i], *p.min);
      if (p.max) x[i] = std::min(x[i], *p.max);
    }
  }
}

const RegisterUpdateVariant registered("gradient_ascent", {.device = Device::reference, .run = run});

}  // namespace
}  // namespace convlens
