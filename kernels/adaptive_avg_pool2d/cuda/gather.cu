// Forward, a warp an output: its lanes read a row of the window side by side and meet in a shuffle, which for the
// global mean is one pass over memory. Backward, a thread an input: it adds up the shares of the outputs whose windows
// hold it.

#include "kernels/adaptive_avg_pool2d/adaptive_avg_pool2d.h"
#include "kernels/base/cuda/blocks.h"
#include "kernels/base/cuda/layouts.h"
#include "kernels/base/cuda/warp_sum.h"
#include "kernels/base/registry.h"

namespace convlens {
namespace {

constexpr int warps = element_threads / 32;

struct Sizes {
  explicit Sizes(const Problem& problem)
      : planes(problem.output.shape.n() * problem.output.shape.c()),
        in_height(static_cast<int>(problem.inputs[0].shape.h())),
        in_width(static_cast<int>(problem.inputs[0].shape.w())),
        out_height(static_cast<int>(problem.output.shape.h())),
        out_width(static_cast<int>(problem.output.shape.w())) {}
  int64_t planes;
  int in_height, in_width, out_height, out_width;
};

// adaptive_window(), of an axis with `inputs` and `outputs` elements.
__device__ int window_begin(int inputs, int outputs, int o) { return o * inputs / outputs; }
__device__ int window_end(int inputs, int outputs, int o) { return ((o + 1) * inputs + outputs - 1) / outputs; }

__global__ void __launch_bounds__(element_threads)
    forward(Sizes s, const float* __restrict__ x, float* __restrict__ y) {
  const int64_t i = int64_t{blockIdx.x} * warps + threadIdx.x / 32;
  if (i >= s.planes * s.out_height * s.out_width) return;  // all lanes of the warp alike
  const int q = static_cast<int>(i % s.out_width), p = static_cast<int>(i / s.out_width % s.out_height);
  const float* plane = x + i / s.out_width / s.out_height * s.in_height * s.in_width;
  const int top = window_begin(s.in_height, s.out_height, p), left = window_begin(s.in_width, s.out_width, q);
  const int height = window_end(s.in_height, s.out_height, p) - top,
            width = window_end(s.in_width, s.out_width, q) - left;
  float sum = 0.0F;
  for (int k = threadIdx.x % 32; k < height * width; k += 32)
    sum += plane[(top + k / width) * s.in_width + left + k % width];
  sum = warp_sum(sum);
  if (threadIdx.x % 32 == 0) y[i] = sum / static_cast<float>(height * width);
}

__global__ void __launch_bounds__(element_threads)
    backward_data(Sizes s, const float* __restrict__ grad_y, float* __restrict__ grad_x) {
  const int64_t i = element_index();
  if (i >= s.planes * s.in_height * s.in_width) return;
  const int w = static_cast<int>(i % s.in_width), h = static_cast<int>(i / s.in_width % s.in_height);
  const float* plane = grad_y + i / s.in_width / s.in_height * s.out_height * s.out_width;
  float sum = 0.0F;
  // The first output whose window may hold h: those before end at or before it.
  for (int p = h * s.out_height / s.in_height; p < s.out_height && window_begin(s.in_height, s.out_height, p) <= h; ++p)
    for (int q = w * s.out_width / s.in_width; q < s.out_width && window_begin(s.in_width, s.out_width, q) <= w; ++q) {
      const int bottom = window_end(s.in_height, s.out_height, p), right = window_end(s.in_width, s.out_width, q);
      if (h >= bottom || w >= right) continue;
      const int elements =
          (bottom - window_begin(s.in_height, s.out_height, p)) * (right - window_begin(s.in_width, s.out_width, q));
      sum += plane[p * s.out_width + q] / static_cast<float>(elements);
    }
  grad_x[i] = sum;
}

void run_forward(const Problem& problem, const Arguments& args) {
  simt::launch(one_thread_each(problem.output.elements() * 32), forward, Sizes(problem), args.inputs[0].f32(),
               args.output.f32());
}

void run_backward_data(const Problem& problem, const Arguments& args) {
  simt::launch(one_thread_each(problem.inputs[0].elements()), backward_data, Sizes(problem), args.grad_output.f32(),
               args.grad_inputs[0].f32());
}

Variant variant(Pass pass, RunFunction run) {
  return {.name = "gather", .device = simt::device, .pass = pass, .layouts = in_nchw, .prepare = stateless(run)};
}

const RegisterVariant registered_forward("adaptive_avg_pool2d", variant(Pass::forward, run_forward));
const RegisterVariant registered_backward_data("adaptive_avg_pool2d", variant(Pass::backward_data, run_backward_data));

}  // namespace
}  // namespace convlens
