// A thread an element. Forward it copies what it shows, or writes zero. Backward it adds up where an input is shown: at
// its own place and, with reflection, at up to one mirrored place on each side of each axis.

#include "kernels/base/cuda/blocks.h"
#include "kernels/base/cuda/layouts.h"
#include "kernels/base/registry.h"
#include "kernels/pad/pad.h"

namespace convlens {
namespace {

struct Sizes {
  explicit Sizes(const Problem& problem) {
    const auto& p = problem.params_as<PadParams>();
    const Shape &x = problem.inputs[0].shape, &y = problem.output.shape;
    const auto i = [](int64_t value) { return static_cast<int>(value); };
    in_channels = i(x.c()), in_height = i(x.h()), in_width = i(x.w());
    out_channels = i(y.c()), out_height = i(y.h()), out_width = i(y.w());
    front = i(p.channels[0]), top = i(p.padding.top), left = i(p.padding.left);
    reflect = p.mode == PadMode::reflect;
  }
  int in_channels, in_height, in_width, out_channels, out_height, out_width;
  int front, top, left;  // added before the first channel, row and column
  bool reflect;
};

// pad_source()
__device__ int source(bool reflect, int inputs, int before, int output) {
  const int i = output - before;
  if (!reflect) return i >= 0 && i < inputs ? i : -1;
  return i < 0 ? -i : i >= inputs ? 2 * (inputs - 1) - i : i;
}

__global__ void __launch_bounds__(element_threads)
    forward(Sizes s, const float* __restrict__ x, float* __restrict__ y, int64_t count) {
  const int64_t i = element_index();
  if (i >= count) return;
  const int q = static_cast<int>(i % s.out_width), p = static_cast<int>(i / s.out_width % s.out_height);
  const int64_t plane = i / s.out_width / s.out_height, n = plane / s.out_channels;
  const int c = static_cast<int>(plane % s.out_channels) - s.front;
  const int h = source(s.reflect, s.in_height, s.top, p), w = source(s.reflect, s.in_width, s.left, q);
  const bool shows = c >= 0 && c < s.in_channels && h >= 0 && w >= 0;
  y[i] = shows ? x[((n * s.in_channels + c) * s.in_height + h) * s.in_width + w] : 0.0F;
}

// The k-th of the three outputs that may show input `i` of an axis; -1: it does not.
__device__ int shown_at(bool reflect, int inputs, int outputs, int before, int i, int k) {
  const int output = before + (k == 0 ? i : k == 1 ? -i : 2 * (inputs - 1) - i);
  if (output < 0 || output >= outputs) return -1;
  if (k == 0) return output;
  const bool mirrored = reflect && (k == 1 ? i > 0 : i < inputs - 1);  // the edge is not repeated
  return mirrored ? output : -1;
}

__global__ void __launch_bounds__(element_threads)
    backward_data(Sizes s, const float* __restrict__ grad_y, float* __restrict__ grad_x, int64_t count) {
  const int64_t i = element_index();
  if (i >= count) return;
  const int w = static_cast<int>(i % s.in_width), h = static_cast<int>(i / s.in_width % s.in_height);
  const int64_t plane = i / s.in_width / s.in_height, n = plane / s.in_channels, c = plane % s.in_channels;
  const float* gradients = grad_y + (n * s.out_channels + c + s.front) * s.out_height * s.out_width;
  float sum = 0.0F;
  for (int a = 0; a < 3; ++a) {
    const int p = shown_at(s.reflect, s.in_height, s.out_height, s.top, h, a);
    if (p < 0) continue;
    for (int b = 0; b < 3; ++b) {
      const int q = shown_at(s.reflect, s.in_width, s.out_width, s.left, w, b);
      if (q >= 0) sum += gradients[p * s.out_width + q];
    }
  }
  grad_x[i] = sum;
}

void run_forward(const Problem& problem, const Arguments& args) {
  const int64_t count = problem.output.elements();
  simt::launch(one_thread_each(count), forward, Sizes(problem), args.inputs[0].f32(), args.output.f32(), count);
}

void run_backward_data(const Problem& problem, const Arguments& args) {
  const int64_t count = problem.inputs[0].elements();
  simt::launch(one_thread_each(count), backward_data, Sizes(problem), args.grad_output.f32(), args.grad_inputs[0].f32(),
               count);
}

Variant variant(Pass pass, RunFunction run) {
  return {.name = "gather", .device = simt::device, .pass = pass, .layouts = in_nchw, .prepare = stateless(run)};
}

const RegisterVariant registered_forward("pad", variant(Pass::forward, run_forward));
const RegisterVariant registered_backward_data("pad", variant(Pass::backward_data, run_backward_data));

}  // namespace
}  // namespace convlens
