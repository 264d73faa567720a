// A thread an element: forward it mixes its four neighbours, backward it adds up the shares of the outputs that lie
// within one input's distance.

#include "kernels/base/cuda/blocks.h"
#include "kernels/base/cuda/layouts.h"
#include "kernels/base/registry.h"
#include "kernels/upsample/upsample.h"

namespace convlens {
namespace {

enum class Grid { nearest, half_pixel, align_corners };

// Where an output lies among the inputs of its axis (upsample_at).
struct Place {
  int low, high;
  float weight;  // of `high`
};

struct Axis {
  int inputs, scale;
  Grid grid;

  __device__ Place at(int output) const {
    if (grid == Grid::nearest) return {output / scale, output / scale, 0.0F};
    const int last = inputs * scale - 1;
    const float half_pixel = (static_cast<float>(output) + 0.5F) / static_cast<float>(scale) - 0.5F;
    const float aligned = last > 0 ? static_cast<float>(output * (inputs - 1)) / static_cast<float>(last) : 0.0F;
    const float position = grid == Grid::align_corners ? aligned : fmaxf(half_pixel, 0.0F);
    const int low = position < static_cast<float>(inputs - 1) ? static_cast<int>(position) : inputs - 1;
    return {low, low + 1 < inputs ? low + 1 : inputs - 1, position - static_cast<float>(low)};
  }
  // The weight of input `i` in an output.
  __device__ float share(int output, int i) const {
    const Place place = at(output);
    return (place.low == i ? 1.0F - place.weight : 0.0F) + (place.high == i ? place.weight : 0.0F);
  }
  // Outputs that may depend on input `i`: those nearer to it than one input, and one more on each side for rounding.
  __device__ int first(int i) const {
    const float reach =
        grid == Grid::nearest ? static_cast<float>(i * scale) : static_cast<float>(i - 1) * step() - 1.0F;
    return reach > 0.0F ? static_cast<int>(reach) : 0;
  }
  __device__ int end(int i) const {
    const int outputs = inputs * scale;
    const float reach =
        grid == Grid::nearest ? static_cast<float>((i + 1) * scale) : static_cast<float>(i + 2) * step() + 1.0F;
    return reach < static_cast<float>(outputs) ? static_cast<int>(reach) : outputs;
  }
  // Outputs from one input to the next.
  __device__ float step() const {
    if (grid != Grid::align_corners || inputs == 1) return static_cast<float>(scale);
    return static_cast<float>(inputs * scale - 1) / static_cast<float>(inputs - 1);
  }
};

struct Sizes {
  explicit Sizes(const Problem& problem) {
    const auto& p = problem.params_as<UpsampleParams>();
    const Shape& x = problem.inputs[0].shape;
    const Grid grid = p.mode == UpsampleMode::nearest ? Grid::nearest
                      : p.align_corners               ? Grid::align_corners
                                                      : Grid::half_pixel;
    y_axis = {static_cast<int>(x.h()), static_cast<int>(p.scale[0]), grid};
    x_axis = {static_cast<int>(x.w()), static_cast<int>(p.scale[1]), grid};
  }
  Axis y_axis, x_axis;
};

__global__ void __launch_bounds__(element_threads)
    forward(Sizes s, const float* __restrict__ x, float* __restrict__ y, int64_t count) {
  const int64_t i = element_index();
  if (i >= count) return;
  const int width = s.x_axis.inputs * s.x_axis.scale, height = s.y_axis.inputs * s.y_axis.scale;
  const Place v = s.y_axis.at(static_cast<int>(i / width % height)), u = s.x_axis.at(static_cast<int>(i % width));
  const float* plane = x + i / width / height * s.y_axis.inputs * s.x_axis.inputs;
  const float *low = plane + v.low * s.x_axis.inputs, *high = plane + v.high * s.x_axis.inputs;
  y[i] = (1.0F - v.weight) * ((1.0F - u.weight) * low[u.low] + u.weight * low[u.high]) +
         v.weight * ((1.0F - u.weight) * high[u.low] + u.weight * high[u.high]);
}

__global__ void __launch_bounds__(element_threads)
    backward_data(Sizes s, const float* __restrict__ grad_y, float* __restrict__ grad_x, int64_t count) {
  const int64_t i = element_index();
  if (i >= count) return;
  const int width = s.x_axis.inputs * s.x_axis.scale, height = s.y_axis.inputs * s.y_axis.scale;
  const int w = static_cast<int>(i % s.x_axis.inputs), h = static_cast<int>(i / s.x_axis.inputs % s.y_axis.inputs);
  const float* plane = grad_y + i / s.x_axis.inputs / s.y_axis.inputs * height * width;
  float sum = 0.0F;
  for (int p = s.y_axis.first(h); p < s.y_axis.end(h); ++p) {
    const float row = s.y_axis.share(p, h);
    if (row == 0.0F) continue;
    for (int q = s.x_axis.first(w); q < s.x_axis.end(w); ++q) sum += row * s.x_axis.share(q, w) * plane[p * width + q];
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

const RegisterVariant registered_forward("upsample", variant(Pass::forward, run_forward));
const RegisterVariant registered_backward_data("upsample", variant(Pass::backward_data, run_backward_data));

}  // namespace
}  // namespace convlens
