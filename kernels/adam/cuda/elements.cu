// A thread an element, one pass over memory: 28 bytes an element, four numbers read and three written.

#include "kernels/adam/adam.h"
#include "kernels/base/cuda/blocks.h"
#include "kernels/base/cuda/clip.h"

namespace convlens {
namespace {

struct Step {
  float beta1, beta2, new1, new2;  // what of the means is kept, what of the gradient is added
  float eps;
  Clip clip;
};

__global__ void __launch_bounds__(element_threads)
    update(Step s, const double* __restrict__ numbers, const float* __restrict__ gradient, float* __restrict__ x,
           float* __restrict__ mean, float* __restrict__ square, int64_t count) {
  const int64_t i = element_index();
  if (i >= count) return;
  const float g = gradient[i];
  const float m = s.beta1 * mean[i] + s.new1 * g, v = s.beta2 * square[i] + s.new2 * g * g;
  mean[i] = m;
  square[i] = v;
  const auto rate = static_cast<float>(numbers[0]), root_scale = static_cast<float>(numbers[1]);
  x[i] = s.clip(x[i] - rate * m / (sqrtf(v) * root_scale + s.eps));
}

void run(const UpdateProblem& problem, const UpdateArguments& args) {
  const auto& p = problem.params_as<AdamParams>();
  const auto f = [](double value) { return static_cast<float>(value); };
  const Step s{f(p.beta1), f(p.beta2), f(1 - p.beta1), f(1 - p.beta2), f(p.eps), Clip(Interval(p.min, p.max))};
  const int64_t count = problem.tensor.elements();
  simt::launch(one_thread_each(count), update, s, args.numbers, args.gradient.f32(), args.value.f32(),
               args.states[0].f32(), args.states[1].f32(), count);
}

const RegisterUpdateVariant registered("adam", {.device = simt::device, .run = run});

}  // namespace
}  // namespace convlens
