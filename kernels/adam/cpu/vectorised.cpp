// One pass over memory.

#include <algorithm>
#include <cmath>

#include "kernels/adam/adam.h"
#include "kernels/base/cpu/parallel.h"
#include "kernels/base/interval.h"

namespace convlens {
namespace {

constexpr int64_t length = 1 << 12;  // elements a thread takes at once

void run(const UpdateProblem& problem, const UpdateArguments& args) {
  const auto& p = problem.params_as<AdamParams>();
  const AdamStep step{args.numbers[0], args.numbers[1]};
  const Interval interval(p.min, p.max);
  const auto low = static_cast<float>(interval.low), high = static_cast<float>(interval.high);
  const auto beta1 = static_cast<float>(p.beta1), beta2 = static_cast<float>(p.beta2);
  const auto new1 = static_cast<float>(1 - p.beta1), new2 = static_cast<float>(1 - p.beta2);
  const auto rate = static_cast<float>(step.rate), root_scale = static_cast<float>(step.root_scale),
             eps = static_cast<float>(p.eps);
  float *x = args.value.f32(), *m = args.states[0].f32(), *v = args.states[1].f32();
  const float* g = args.gradient.f32();
  const int64_t total = problem.tensor.elements();
  parallel_for((total + length - 1) / length, [&](int64_t k) {
    const int64_t end = std::min((k + 1) * length, total);
#pragma omp simd
    for (int64_t i = k * length; i < end; ++i) {
      m[i] = beta1 * m[i] + new1 * g[i];
      v[i] = beta2 * v[i] + new2 * g[i] * g[i];
      const float moved = x[i] - rate * m[i] / (std::sqrt(v[i]) * root_scale + eps);
      x[i] = moved < low ? low : moved > high ? high : moved;
    }
  });
}

const RegisterUpdateVariant registered("adam", {.device = Device::cpu, .run = run});

}  // namespace
}  // namespace convlens
