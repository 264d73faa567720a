// m = beta1 m + (1 - beta1) g,  v = beta2 v + (1 - beta2) g^2, and with the bias of their start at zero taken out,
// x = x - lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)   at step t = 1, 2, ..

#include <cmath>

#include "kernels/adam/adam.h"

namespace convlens {
namespace {

void run(const UpdateProblem& problem, const UpdateArguments& args) {
  const auto& p = problem.params_as<AdamParams>();
  const auto t = static_cast<double>(args.step);
  double *x = args.value.f64(), *m = args.states[0].f64(), *v = args.states[1].f64();
  for (int64_t i = 0; i < problem.tensor.elements(); ++i) {
    const double g = args.gradient.f64()[i];
    m[i] = p.beta1 * m[i] + (1 - p.beta1) * g;
    v[i] = p.beta2 * v[i] + (1 - p.beta2) * g * g;
    const double mean = m[i] / (1 - std::pow(p.beta1, t)), square = v[i] / (1 - std::pow(p.beta2, t));
    x[i] -= p.lr * mean / (std::sqrt(square) + p.eps);
  }
}

const RegisterUpdateVariant registered("adam", {.device = Device::reference, .run = run});

}  // namespace
}  // namespace convlens
