// x = (1 - momentum) x + momentum g, where g is what was observed

#include "kernels/running_average/running_average.h"

namespace convlens {
namespace {

void run(const UpdateProblem& problem, const UpdateArguments& args) {
  const double momentum = problem.params_as<RunningAverageParams>().momentum;
  double* x = args.value.f64();
  for (int64_t i = 0; i < problem.tensor.elements(); ++i)
    x[i] = (1 - momentum) * x[i] + momentum * args.gradient.f64()[i];
}

const RegisterUpdateVariant registered("running_average", {.device = Device::reference, .run = run});

}  // namespace
}  // namespace convlens
