// A thread an element: forward it adds up its window, backward the shares of the outputs whose windows hold it. How
// many elements a window counts follows from its row and its column (avg_pool2d_count).

#include "kernels/avg_pool2d/avg_pool2d.h"
#include "kernels/base/cuda/blocks.h"
#include "kernels/base/cuda/layouts.h"
#include "kernels/base/registry.h"

namespace convlens {
namespace {

struct Axis {
  int input, output, kernel, stride, before, after;
  bool count_padding;

  // avg_pool2d_count()
  __device__ int count(int o) const {
    const int first = o * stride - before, end = first + kernel;
    const int low = count_padding || first > 0 ? first : 0, limit = count_padding ? input + after : input;
    return (end < limit ? end : limit) - low;
  }
};

struct Sizes {
  explicit Sizes(const Problem& problem) {
    const AvgPool2dSizes s(problem);
    const auto axis = [&](const WindowAxis& a) {
      return Axis{static_cast<int>(a.input),
                  static_cast<int>(a.output),
                  static_cast<int>(a.kernel),
                  static_cast<int>(a.stride),
                  static_cast<int>(a.before),
                  static_cast<int>(a.after),
                  s.count_padding};
    };
    y = axis(s.y);
    x = axis(s.x);
    planes = problem.output.shape.n() * problem.output.shape.c();
  }
  Axis y, x;
  int64_t planes;
};

__global__ void __launch_bounds__(element_threads)
    forward(Sizes s, const float* __restrict__ x, float* __restrict__ y) {
  const int64_t i = element_index();
  if (i >= s.planes * s.y.output * s.x.output) return;
  const int q = static_cast<int>(i % s.x.output), p = static_cast<int>(i / s.x.output % s.y.output);
  const float* plane = x + i / s.x.output / s.y.output * s.y.input * s.x.input;
  float sum = 0.0F;
  for (int r = 0; r < s.y.kernel; ++r)
    for (int t = 0; t < s.x.kernel; ++t) {
      const int h = p * s.y.stride - s.y.before + r, w = q * s.x.stride - s.x.before + t;
      if (h >= 0 && h < s.y.input && w >= 0 && w < s.x.input) sum += plane[h * s.x.input + w];
    }
  y[i] = sum / static_cast<float>(s.y.count(p) * s.x.count(q));
}

__global__ void __launch_bounds__(element_threads)
    backward_data(Sizes s, const float* __restrict__ grad_y, float* __restrict__ grad_x) {
  const int64_t i = element_index();
  if (i >= s.planes * s.y.input * s.x.input) return;
  const int w = static_cast<int>(i % s.x.input), h = static_cast<int>(i / s.x.input % s.y.input);
  const float* plane = grad_y + i / s.x.input / s.y.input * s.y.output * s.x.output;
  float sum = 0.0F;
  for (int r = 0; r < s.y.kernel; ++r) {
    const int top = h + s.y.before - r, p = top / s.y.stride;
    if (top < 0 || top % s.y.stride != 0 || p >= s.y.output) continue;
    for (int t = 0; t < s.x.kernel; ++t) {
      const int left = w + s.x.before - t, q = left / s.x.stride;
      if (left < 0 || left % s.x.stride != 0 || q >= s.x.output) continue;
      sum += plane[p * s.x.output + q] / static_cast<float>(s.y.count(p) * s.x.count(q));
    }
  }
  grad_x[i] = sum;
}

void run_forward(const Problem& problem, const Arguments& args) {
  simt::launch(one_thread_each(problem.output.elements()), forward, Sizes(problem), args.inputs[0].f32(),
               args.output.f32());
}

void run_backward_data(const Problem& problem, const Arguments& args) {
  simt::launch(one_thread_each(problem.inputs[0].elements()), backward_data, Sizes(problem), args.grad_output.f32(),
               args.grad_inputs[0].f32());
}

Variant variant(Pass pass, RunFunction run) {
  return {.name = "gather", .device = simt::device, .pass = pass, .layouts = in_nchw, .prepare = stateless(run)};
}

const RegisterVariant registered_forward("avg_pool2d", variant(Pass::forward, run_forward));
const RegisterVariant registered_backward_data("avg_pool2d", variant(Pass::backward_data, run_backward_data));

}  // namespace
}  // namespace convlens
