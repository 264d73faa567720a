// A thread an element, which it fetches from where the offsets say. They are read on the device, so that an
// optimisation draws new ones for each step without a new plan. Backward is the roll by the opposite offsets.

#include "kernels/base/cuda/blocks.h"
#include "kernels/base/cuda/layouts.h"
#include "kernels/base/registry.h"
#include "kernels/roll/roll.h"

namespace convlens {
namespace {

struct Sizes {
  explicit Sizes(const Shape& shape)
      : height(static_cast<int>(shape.h())),
        width(static_cast<int>(shape.w())),
        image(shape.c() * shape.h() * shape.w()),
        count(shape.elements()) {}
  int height, width;
  int64_t image, count;  // elements
};

// roll_source()
__device__ int source(int size, float offset, int i) {
  const int from = static_cast<int>((i - llroundf(offset)) % size);
  return from < 0 ? from + size : from;
}

// to[i] = from[source of i], by `sign` times the offsets.
__global__ void __launch_bounds__(element_threads)
    roll(Sizes s, const float* __restrict__ from, const float* __restrict__ offsets, float sign,
         float* __restrict__ to) {
  const int64_t i = element_index();
  if (i >= s.count) return;
  const int p = static_cast<int>(i / s.width % s.height), q = static_cast<int>(i % s.width);
  const float* offset = offsets + i / s.image * 2;
  const int h = source(s.height, sign * offset[0], p), w = source(s.width, sign * offset[1], q);
  to[i] = from[i + int64_t{h - p} * s.width + (w - q)];
}

__global__ void __launch_bounds__(element_threads) zero(float* values, int64_t count) {
  const int64_t i = element_index();
  if (i < count) values[i] = 0.0F;
}

void run_forward(const Problem& problem, const Arguments& args) {
  const Sizes s(problem.output.shape);
  simt::launch(one_thread_each(s.count), roll, s, args.inputs[0].f32(), args.inputs[1].f32(), 1.0F, args.output.f32());
}

void run_backward_data(const Problem& problem, const Arguments& args) {
  const Sizes s(problem.output.shape);
  if (args.grad_inputs[0])
    simt::launch(one_thread_each(s.count), roll, s, args.grad_output.f32(), args.inputs[1].f32(), -1.0F,
                 args.grad_inputs[0].f32());
  const int64_t offsets = problem.inputs[1].elements();
  if (args.grad_inputs[1]) simt::launch(one_thread_each(offsets), zero, args.grad_inputs[1].f32(), offsets);
}

Variant variant(Pass pass, RunFunction run) {
  return {.name = "gather", .device = simt::device, .pass = pass, .layouts = in_nchw, .prepare = stateless(run)};
}

const RegisterVariant registered_forward("roll", variant(Pass::forward, run_forward));
const RegisterVariant registered_backward_data("roll", variant(Pass::backward_data, run_backward_data));

}  // namespace
}  // namespace convlens
