// d = g + weight_decay x,  u = momentum u + d,  x = x - lr u, or with Nesterov x = x - lr (d + momentum u)

#include "kernels/sgd/sgd.h"

namespace convlens {
namespace {

void run(const UpdateProblem& problem, const UpdateArguments& args) {
  const auto& p = problem.params_as<SgdParams>();
  double *x = args.value.f64(), *u = args.states[0].f64();
  for (int64_t i = 0; i < problem.tensor.elements(); ++i) {
    const double d = args.gradient.f64()[i] + p.weight_decay * x[i];
    u[i] = p.momentum * u[i] + d;
    x[i] -= p.lr * (p.nesterov ? d + p.momentum * u[i] : u[i]);
  }
}

const RegisterUpdateVariant registered("sgd", {.device = Device::reference, .run = run});

}  // namespace
}  // namespace convlens
