// A thread an element, one pass over memory.

#include "kernels/base/cuda/blocks.h"
#include "kernels/running_average/running_average.h"

namespace convlens {
namespace {

__global__ void __launch_bounds__(element_threads)
    update(float kept, float added, const float* __restrict__ observed, float* __restrict__ x, int64_t count) {
  const int64_t i = element_index();
  if (i < count) x[i] = kept * x[i] + added * observed[i];
}

void run(const UpdateProblem& problem, const UpdateArguments& args) {
  const double momentum = problem.params_as<RunningAverageParams>().momentum;
  const int64_t count = problem.tensor.elements();
  simt::launch(one_thread_each(count), update, static_cast<float>(1 - momentum), static_cast<float>(momentum),
               args.gradient.f32(), args.value.f32(), count);
}

const RegisterUpdateVariant registered("running_average", {.device = simt::device, .run = run});

}  // namespace
}  // namespace convlens
