// One pass over memory.

#include <algorithm>

#include "kernels/base/cpu/parallel.h"
#include "kernels/sgd/sgd.h"

namespace convlens {
namespace {

constexpr int64_t length = 1 << 12;  // elements a thread takes at once

void run(const UpdateProblem& problem, const UpdateArguments& args) {
  const auto& p = problem.params_as<SgdParams>();
  const auto lr = static_cast<float>(p.lr), momentum = static_cast<float>(p.momentum),
             decay = static_cast<float>(p.weight_decay);
  // The step is lr (ahead d + along u): u alone, or with Nesterov d + momentum u.
  const float ahead = p.nesterov ? 1.0F : 0.0F, along = p.nesterov ? momentum : 1.0F;
  float *x = args.value.f32(), *u = args.states[0].f32();
  const float* g = args.gradient.f32();
  const int64_t total = problem.tensor.elements();
  parallel_for((total + length - 1) / length, [&](int64_t k) {
    const int64_t end = std::min((k + 1) * length, total);
#pragma omp simd
    for (int64_t i = k * length; i < end; ++i) {
      const float d = g[i] + decay * x[i];
      u[i] = momentum * u[i] + d;
      x[i] -= lr * (ahead * d + along * u[i]);
    }
  });
}

const RegisterUpdateVariant registered("sgd", {.device = Device::cpu, .run = run});

}  // namespace
}  // namespace convlens
