// One pass over memory in any layout (tanh 0 = 0 keeps padding channels zero), with an exponential
// that works on as many elements at once as the processor's vectors hold.

#include <algorithm>

#include "kernels/base/cpu/elementary.h"
#include "kernels/base/cpu/parallel.h"
#include "kernels/base/registry.h"

namespace convlens {
namespace {

constexpr int64_t run = 1 << 12;  // elements a thread takes at once

void forward(const Problem& problem, const Arguments& args) {
  const float* x = args.inputs[0].f32();
  float* y = args.output.f32();
  const int64_t total = problem.output.elements();
  parallel_for((total + run - 1) / run, [&](int64_t k) {
    const int64_t end = std::min((k + 1) * run, total);
#pragma omp simd
    for (int64_t i = k * run; i < end; ++i) y[i] = tanh_f32(x[i]);
  });
}

void backward_data(const Problem& problem, const Arguments& args) {
  const float *y = args.output.f32(), *grad_y = args.grad_output.f32();
  float* grad_x = args.grad_inputs[0].f32();
  const int64_t total = problem.output.elements();
  parallel_for((total + run - 1) / run, [&](int64_t k) {
    const int64_t end = std::min((k + 1) * run, total);
#pragma omp simd
    for (int64_t i = k * run; i < end; ++i) grad_x[i] = (1.0F - y[i] * y[i]) * grad_y[i];
  });
}

const RegisterVariant registered_forward(
    "tanh", {.name = "vectorised", .device = Device::cpu, .pass = Pass::forward, .prepare = stateless(forward)});
const RegisterVariant registered_backward("tanh", {.name = "vectorised",
                                                   .device = Device::cpu,
                                                   .pass = Pass::backward_data,
                                                   .prepare = stateless(backward_data)});

}  // namespace
}  // namespace convlens
