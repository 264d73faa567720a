// A copy, or nothing when the output lies in the input's place.

#include "kernels/base/cuda/blocks.h"
#include "kernels/base/registry.h"

namespace convlens {
namespace {

__global__ void __launch_bounds__(element_threads)
    copy(const float* __restrict__ x, float* __restrict__ y, int64_t count) {
  const int64_t i = element_index();
  if (i < count) y[i] = x[i];
}

void forward(const Problem& problem, const Arguments& args) {
  if (args.inputs[0].data == args.output.data) return;
  const int64_t count = problem.output.elements();
  simt::launch(one_thread_each(count), copy, args.inputs[0].f32(), args.output.f32(), count);
}

const RegisterVariant registered(
    "dropout", {.name = "copy", .device = simt::device, .pass = Pass::forward, .prepare = stateless(forward)});

}  // namespace
}  // namespace convlens
