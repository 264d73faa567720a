// A thread an element, in any layout, as all tensors have the same; the activation that follows is applied before the
// result is stored. Two inputs are one pass over memory, each further one another.

#include "kernels/base/cuda/activation.h"
#include "kernels/base/cuda/blocks.h"
#include "kernels/base/registry.h"

namespace convlens {
namespace {

// y may be a or b: an element is read before it is written, and by its own thread alone.
__global__ void __launch_bounds__(element_threads)
    add(const float* a, const float* b, float* y, ActivationLimits activation, int64_t count) {
  const int64_t i = element_index();
  if (i < count) y[i] = activation(a[i] + b[i]);
}

void forward(const Problem& problem, const Arguments& args) {
  const int64_t count = problem.output.elements();
  const float* sum = args.inputs[0].f32();
  for (size_t k = 1; k < args.inputs.size(); ++k) {
    const bool last = k + 1 == args.inputs.size();
    simt::launch(one_thread_each(count), add, sum, args.inputs[k].f32(), args.output.f32(),
                 last ? activation_limits(problem.activation) : ActivationLimits{}, count);
    sum = args.output.f32();
  }
}

const RegisterVariant registered("add", {.name = "elements",
                                         .device = simt::device,
                                         .pass = Pass::forward,
                                         .fuses_activation = true,
                                         .prepare = stateless(forward)});

}  // namespace
}  // namespace convlens
