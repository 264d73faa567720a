// A thread an element; neighbouring threads have neighbouring pixels, so every channel of the window is read side by
// side. The backward pass forms the sums of its neighbours again: arithmetic is cheaper here than a second array in
// memory.

#include "kernels/base/cuda/blocks.h"
#include "kernels/base/cuda/layouts.h"
#include "kernels/base/registry.h"
#include "kernels/lrn/lrn.h"

namespace convlens {
namespace {

struct Window {
  explicit Window(const Problem& problem) {
    const auto& p = problem.params_as<LrnParams>();
    const Shape& shape = problem.output.shape;
    channels = static_cast<int>(shape.c());
    plane = shape.h() * shape.w();
    before = static_cast<int>(p.before());
    after = static_cast<int>(p.after());
    scale = static_cast<float>(p.alpha / static_cast<double>(p.size));
    beta = static_cast<float>(p.beta);
    k = static_cast<float>(p.k);
  }
  int channels, before, after;
  int64_t plane;
  float scale, beta, k;

  __device__ int first(int c, int reach) const { return c > reach ? c - reach : 0; }
  __device__ int last(int c, int reach) const { return c + reach < channels ? c + reach : channels - 1; }

  // s_c of the formula; `pixel` points to the pixel's channel 0.
  __device__ float denominator(const float* pixel, int c) const {
    float sum = 0.0F;
    for (int i = first(c, before); i <= last(c, after); ++i) sum += pixel[i * plane] * pixel[i * plane];
    return k + scale * sum;
  }
};

__global__ void __launch_bounds__(element_threads)
    forward(Window window, const float* __restrict__ x, float* __restrict__ y, int64_t count) {
  const int64_t i = element_index();
  if (i >= count) return;
  const int c = static_cast<int>(i / window.plane % window.channels);
  y[i] = x[i] * powf(window.denominator(x + i - c * window.plane, c), -window.beta);
}

__global__ void __launch_bounds__(element_threads)
    backward_data(Window window, const float* __restrict__ x, const float* __restrict__ grad_y,
                  float* __restrict__ grad_x, int64_t count) {
  const int64_t i = element_index();
  if (i >= count) return;
  const int j = static_cast<int>(i / window.plane % window.channels);
  const float *pixel = x + i - j * window.plane, *gradients = grad_y + i - j * window.plane;
  float sum = 0.0F;
  for (int c = window.first(j, window.after); c <= window.last(j, window.before); ++c)
    sum +=
        pixel[c * window.plane] * powf(window.denominator(pixel, c), -window.beta - 1.0F) * gradients[c * window.plane];
  grad_x[i] =
      powf(window.denominator(pixel, j), -window.beta) * grad_y[i] - 2.0F * window.scale * window.beta * x[i] * sum;
}

void run_forward(const Problem& problem, const Arguments& args) {
  const int64_t count = problem.output.elements();
  simt::launch(one_thread_each(count), forward, Window(problem), args.inputs[0].f32(), args.output.f32(), count);
}

void run_backward_data(const Problem& problem, const Arguments& args) {
  const int64_t count = problem.output.elements();
  simt::launch(one_thread_each(count), backward_data, Window(problem), args.inputs[0].f32(), args.grad_output.f32(),
               args.grad_inputs[0].f32(), count);
}

Variant variant(Pass pass, RunFunction run) {
  return {.name = "window", .device = simt::device, .pass = pass, .layouts = in_nchw, .prepare = stateless(run)};
}

const RegisterVariant registered_forward("lrn", variant(Pass::forward, run_forward));
const RegisterVariant registered_backward_data("lrn", variant(Pass::backward_data, run_backward_data));

}  // namespace
}  // namespace convlens
