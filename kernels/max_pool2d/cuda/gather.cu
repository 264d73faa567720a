// Forward, a thread an output: it looks at its window and notes which tap it took, in one byte an output (four where
// windows have more than 256 taps). Backward, a thread an input: it asks the few outputs whose windows hold it whether
// they took it, so that nobody adds to a number of another, and the order of additions is always the same.

#include "kernels/base/cuda/blocks.h"
#include "kernels/base/cuda/layouts.h"
#include "kernels/base/registry.h"
#include "kernels/max_pool2d/max_pool2d.h"

namespace convlens {
namespace {

struct Axis {
  int input, output, kernel, stride, before;
};

struct Sizes {
  explicit Sizes(const Problem& problem) {
    const MaxPool2dSizes s(problem);
    const auto axis = [](const WindowAxis& a) {
      return Axis{static_cast<int>(a.input), static_cast<int>(a.output), static_cast<int>(a.kernel),
                  static_cast<int>(a.stride), static_cast<int>(a.before)};
    };
    y = axis(s.y);
    x = axis(s.x);
    planes = problem.output.shape.n() * problem.output.shape.c();
  }
  Axis y, x;
  int64_t planes;
};

template <class Note>
__global__ void __launch_bounds__(element_threads)
    forward(Sizes s, const float* __restrict__ x, float* __restrict__ y, Note* __restrict__ notes) {
  const int64_t i = element_index();
  if (i >= s.planes * s.y.output * s.x.output) return;
  const int q = static_cast<int>(i % s.x.output), p = static_cast<int>(i / s.x.output % s.y.output);
  const float* plane = x + i / s.x.output / s.y.output * s.y.input * s.x.input;
  float best = 0.0F;
  int best_tap = -1;
  for (int r = 0; r < s.y.kernel; ++r)
    for (int t = 0; t < s.x.kernel; ++t) {
      const int h = p * s.y.stride - s.y.before + r, w = q * s.x.stride - s.x.before + t;
      if (h < 0 || h >= s.y.input || w < 0 || w >= s.x.input) continue;
      const float value = plane[h * s.x.input + w];
      if (best_tap >= 0 && !(value > best) && value == value) continue;  // a NaN is the maximum
      best = value;
      best_tap = r * s.x.kernel + t;
    }
  y[i] = best;
  if (notes) notes[i] = static_cast<Note>(best_tap);
}

template <class Note>
__global__ void __launch_bounds__(element_threads)
    backward_data(Sizes s, const float* __restrict__ grad_y, const Note* __restrict__ notes,
                  float* __restrict__ grad_x) {
  const int64_t i = element_index();
  if (i >= s.planes * s.y.input * s.x.input) return;
  const int w = static_cast<int>(i % s.x.input), h = static_cast<int>(i / s.x.input % s.y.input);
  const int64_t plane = i / s.x.input / s.y.input * s.y.output * s.x.output;
  float sum = 0.0F;
  for (int r = 0; r < s.y.kernel; ++r) {
    const int top = h + s.y.before - r;
    if (top < 0 || top % s.y.stride != 0 || top / s.y.stride >= s.y.output) continue;
    for (int t = 0; t < s.x.kernel; ++t) {
      const int left = w + s.x.before - t;
      if (left < 0 || left % s.x.stride != 0 || left / s.x.stride >= s.x.output) continue;
      const int64_t output = plane + int64_t{top / s.y.stride} * s.x.output + left / s.x.stride;
      if (static_cast<int>(notes[output]) == r * s.x.kernel + t) sum += grad_y[output];
    }
  }
  grad_x[i] = sum;
}

template <class Note>
void run_forward_with(const Problem& problem, const Arguments& args) {
  simt::launch(one_thread_each(problem.output.elements()), forward<Note>, Sizes(problem), args.inputs[0].f32(),
               args.output.f32(), reinterpret_cast<Note*>(args.saved));
}

template <class Note>
void run_backward_with(const Problem& problem, const Arguments& args) {
  simt::launch(one_thread_each(problem.inputs[0].elements()), backward_data<Note>, Sizes(problem),
               args.grad_output.f32(), reinterpret_cast<const Note*>(args.saved), args.grad_inputs[0].f32());
}

void run_forward(const Problem& problem, const Arguments& args) {
  if (max_pool2d_note_bytes(problem) == 1) return run_forward_with<uint8_t>(problem, args);
  run_forward_with<uint32_t>(problem, args);
}

void run_backward_data(const Problem& problem, const Arguments& args) {
  if (max_pool2d_note_bytes(problem) == 1) return run_backward_with<uint8_t>(problem, args);
  run_backward_with<uint32_t>(problem, args);
}

Variant variant(Pass pass, RunFunction run) {
  return {.name = "gather", .device = simt::device, .pass = pass, .layouts = in_nchw, .prepare = stateless(run)};
}

const RegisterVariant registered_forward("max_pool2d", variant(Pass::forward, run_forward));
const RegisterVariant registered_backward_data("max_pool2d", variant(Pass::backward_data, run_backward_data));

}  // namespace
}  // namespace convlens
