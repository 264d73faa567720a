// m = beta1 m + (1 - beta1) g,  v = beta2 v + (1 - beta2) g^2, and with the bias of their start at zero taken out,
// x = min(max(x - lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps), min), max)   at step t = 1, 2, ..
// The two numbers of a step are lr / (1 - beta1^t) and 1 / sqrt(1 - beta2^t).

#include <algorithm>
#include <cmath>

#include "kernels/adam/adam.h"
#include "kernels/base/interval.h"

namespace convlens {
namespace {

void run(const UpdateProblem& problem, const UpdateArguments& args) {
  const auto& p = problem.params_as<AdamParams>();
  const auto [rate, root_scale] = AdamStep{args.numbers[0], args.numbers[1]};
  const Interval interval(p.min, p.max);
  double *x = args.value.f64(), *m = args.states[0].f64(), *v = args.states[1].f64();
  for (int64_t i = 0; i < problem.tensor.elements(); ++i) {
    const double g = args.gradient.f64()[i];
    m[i] = p.beta1 * m[i] + (1 - p.beta1) * g;
    v[i] = p.beta2 * v[i] + (1 - p.beta2) * g * g;
    x[i] -= rate * m[i] / (std::sqrt(v[i]) * root_scale + p.eps);
    x[i] = std::min(std::max(x[i], interval.low), interval.high);
  }
}

const RegisterUpdateVariant registered("adam", {.device = Device::reference, .run = run});

}  // namespace
}  // namespace convlens
