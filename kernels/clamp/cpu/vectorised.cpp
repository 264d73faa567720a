// One pass over memory in any layout.

#include <algorithm>

#include "kernels/base/cpu/channel_strips.h"
#include "kernels/base/cpu/parallel.h"
#include "kernels/base/registry.h"
#include "kernels/clamp/clamp.h"

namespace convlens {
namespace {

constexpr int64_t run = 1 << 12;  // elements a thread takes at once

void forward(const Problem& problem, const Arguments& args) {
  const Interval interval = clamp_interval(problem.params_as<ClampParams>());
  const auto low = static_cast<float>(interval.low), high = static_cast<float>(interval.high);
  const float* x = args.inputs[0].f32();
  float* y = args.output.f32();
  const int64_t total = problem.output.elements();
  parallel_for((total + run - 1) / run, [&](int64_t k) {
    const int64_t end = std::min((k + 1) * run, total);
#pragma omp simd
    for (int64_t i = k * run; i < end; ++i) y[i] = x[i] < low ? low : x[i] > high ? high : x[i];
  });
  zero_padding_channels(args.output);  // 0 may lie outside of the interval
}

void backward_data(const Problem& problem, const Arguments& args) {
  const Interval interval = clamp_interval(problem.params_as<ClampParams>());
  const auto low = static_cast<float>(interval.low), high = static_cast<float>(interval.high);
  const float *x = args.inputs[0].f32(), *grad_y = args.grad_output.f32();
  float* grad_x = args.grad_inputs[0].f32();
  const int64_t total = problem.output.elements();
  parallel_for((total + run - 1) / run, [&](int64_t k) {
    const int64_t end = std::min((k + 1) * run, total);
#pragma omp simd
    for (int64_t i = k * run; i < end; ++i) grad_x[i] = x[i] < low || x[i] > high ? 0.0F : grad_y[i];
  });
}

const RegisterVariant registered_forward(
    "clamp", {.name = "vectorised", .device = Device::cpu, .pass = Pass::forward, .prepare = stateless(forward)});
const RegisterVariant registered_backward("clamp", {.name = "vectorised",
                                                    .device = Device::cpu,
                                                    .pass = Pass::backward_data,
                                                    .prepare = stateless(backward_data)});

}  // namespace
}  // namespace convlens
