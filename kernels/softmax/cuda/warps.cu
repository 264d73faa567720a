// A warp a pixel: its lanes take every 32nd channel and meet in shuffles for the maximum and the sum. For the classes
// of an image (one pixel) they read side by side.

#include "kernels/base/cuda/blocks.h"
#include "kernels/base/cuda/layouts.h"
#include "kernels/base/cuda/warp_sum.h"
#include "kernels/base/registry.h"

namespace convlens {
namespace {

constexpr int warps = element_threads / 32;

struct Sizes {
  explicit Sizes(const Shape& shape)
      : channels(static_cast<int>(shape.c())), plane(shape.h() * shape.w()), pixels(shape.n() * plane) {}
  int channels;
  int64_t plane, pixels;

  // The first channel of this warp's pixel; less than 0: it has none.
  __device__ int64_t first() const {
    const int64_t pixel = int64_t{blockIdx.x} * warps + threadIdx.x / 32;
    return pixel < pixels ? pixel / plane * channels * plane + pixel % plane : -1;
  }
};

__global__ void __launch_bounds__(element_threads)
    forward(Sizes s, const float* __restrict__ x, float* __restrict__ y) {
  const int64_t first = s.first();
  if (first < 0) return;  // all lanes of the warp alike
  const int lane = threadIdx.x % 32;
  float max = x[first];
  for (int c = lane; c < s.channels; c += 32) max = fmaxf(max, x[first + c * s.plane]);
  max = warp_max_to_all(max);
  float sum = 0.0F;
  for (int c = lane; c < s.channels; c += 32) sum += expf(x[first + c * s.plane] - max);
  sum = warp_sum_to_all(sum);
  for (int c = lane; c < s.channels; c += 32) y[first + c * s.plane] = expf(x[first + c * s.plane] - max) / sum;
}

__global__ void __launch_bounds__(element_threads)
    backward_data(Sizes s, const float* __restrict__ y, const float* __restrict__ grad_y, float* __restrict__ grad_x) {
  const int64_t first = s.first();
  if (first < 0) return;
  const int lane = threadIdx.x % 32;
  float sum = 0.0F;
  for (int c = lane; c < s.channels; c += 32) {
    const int64_t i = first + c * s.plane;
    sum += y[i] * grad_y[i];
  }
  sum = warp_sum_to_all(sum);
  for (int c = lane; c < s.channels; c += 32) {
    const int64_t i = first + c * s.plane;
    grad_x[i] = y[i] * (grad_y[i] - sum);
  }
}

void run_forward(const Problem& problem, const Arguments& args) {
  const Sizes s(problem.output.shape);
  simt::launch(one_thread_each(s.pixels * 32), forward, s, args.inputs[0].f32(), args.output.f32());
}

void run_backward_data(const Problem& problem, const Arguments& args) {
  const Sizes s(problem.output.shape);
  simt::launch(one_thread_each(s.pixels * 32), backward_data, s, args.output.f32(), args.grad_output.f32(),
               args.grad_inputs[0].f32());
}

Variant variant(Pass pass, RunFunction run) {
  return {.name = "warps", .device = simt::device, .pass = pass, .layouts = in_nchw, .prepare = stateless(run)};
}

const RegisterVariant registered_forward("softmax", variant(Pass::forward, run_forward));
const RegisterVariant registered_backward_data("softmax", variant(Pass::backward_data, run_backward_data));

}  // namespace
}  // namespace convlens
