// A thread an element, one pass over memory: 20 bytes an element, three numbers read and two written.

#include "kernels/base/cuda/blocks.h"
#include "kernels/sgd/sgd.h"

namespace convlens {
namespace {

struct Step {
  float lr, momentum, decay;
  float ahead, along;  // the step is lr (ahead d + along u): u alone, or with Nesterov d + momentum u
};

__global__ void __launch_bounds__(element_threads)
    update(Step s, const float* __restrict__ gradient, float* __restrict__ x, float* __restrict__ velocity,
           int64_t count) {
  const int64_t i = element_index();
  if (i >= count) return;
  const float d = gradient[i] + s.decay * x[i], u = s.momentum * velocity[i] + d;
  velocity[i] = u;
  x[i] -= s.lr * (s.ahead * d + s.along * u);
}

void run(const UpdateProblem& problem, const UpdateArguments& args) {
  const auto& p = problem.params_as<SgdParams>();
  const auto f = [](double value) { return static_cast<float>(value); };
  const Step s{f(p.lr), f(p.momentum), f(p.weight_decay), p.nesterov ? 1.0F : 0.0F, p.nesterov ? f(p.momentum) : 1.0F};
  const int64_t count = problem.tensor.elements();
  simt::launch(one_thread_each(count), update, s, args.gradient.f32(), args.value.f32(), args.states[0].f32(), count);
}

const RegisterUpdateVariant registered("sgd", {.device = simt::device, .run = run});

}  // namespace
}  // namespace convlens
