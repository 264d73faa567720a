// One pass over memory.

#include "kernels/running_average/running_average.h"

namespace convlens {
namespace {

void run(const UpdateProblem& problem, const UpdateArguments& args) {
  const double momentum = problem.params_as<RunningAverageParams>().momentum;
  const auto kept = static_cast<float>(1 - momentum), added = static_cast<float>(momentum);
  float* x = args.value.f32();
  const float* observed = args.gradient.f32();
  const int64_t total = problem.tensor.elements();
#pragma omp simd
  for (int64_t i = 0; i < total; ++i) x[i] = kept * x[i] + added * observed[i];
}

const RegisterUpdateVariant registered("running_average", {.device = Device::cpu, .run = run});

}  // namespace
}  // namespace convlens
