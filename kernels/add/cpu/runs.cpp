// One pass over memory, in any layout, as all tensors have the same. More than two inputs are added run by run, each
// run staying in the nearest cache until it is done. An activation that follows is applied before the run is left.

#include <algorithm>

#include "kernels/add/add.h"
#include "kernels/base/cpu/parallel.h"
#include "kernels/base/registry.h"

namespace convlens {
namespace {

constexpr int64_t run = 1 << 12;

// y may be a: the loops read an element before they write it, and no other.
void add_two(const float* a, const float* b, float* y, int64_t count) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) y[i] = a[i] + b[i];
}

void activate(const Activation& activation, float* y, int64_t count) {
  const float slope = static_cast<float>(activation.negative_slope), max = static_cast<float>(activation.max_value);
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) y[i] = std::min(y[i] > 0 ? y[i] : slope * y[i], max);
}

void forward(const Problem& problem, const Arguments& args) {
  const int64_t total = problem.output.elements();
  parallel_for((total + run - 1) / run,
               [&](int64_t i) {
                 const int64_t start = i * run, count = std::min(run, total - start);
                 float* y = args.output.f32() + start;
                 add_two(args.inputs[0].f32() + start, args.inputs[1].f32() + start, y, count);
                 for (size_t k = 2; k < args.inputs.size(); ++k) add_two(y, args.inputs[k].f32() + start, y, count);
                 if (problem.activation) activate(*problem.activation, y, count);
               },
               4);
}

const RegisterVariant registered("add", {.name = "runs",
                                         .device = Device::cpu,
                                         .pass = Pass::forward,
                                         .fuses_activation = true,
                                         .prepare = stateless(forward)});

}  // namespace
}  // namespace convlens
