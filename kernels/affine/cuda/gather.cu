// A thread a pixel, for up to four channels. Forward it fetches the four pixels around its position. Backward it
// fetches too: a pixel of the image looks through those pixels of the output that can show it, which the inverse map
// bounds, and takes its share of each, always in the same order. The matrix's gradient: a block a row of the output,
// then the sum of an image's rows.

#include "kernels/affine/affine.h"
#include "kernels/base/cuda/block_sum.h"
#include "kernels/base/cuda/blocks.h"
#include "kernels/base/cuda/layouts.h"
#include "kernels/base/registry.h"

namespace convlens {
namespace {

constexpr int group = 4;  // channels of a thread

struct Sizes {
  explicit Sizes(const Shape& shape)
      : batch(static_cast<int>(shape.n())),
        channels(static_cast<int>(shape.c())),
        height(static_cast<int>(shape.h())),
        width(static_cast<int>(shape.w())) {}

  __device__ int64_t plane() const { return int64_t{height} * width; }
  __device__ AffineMap map(const float* matrices, int n) const { return AffineMap(matrices + n * 6, height, width); }

  // A thread a pixel, images along y, groups of channels along z.
  simt::LaunchShape blocks() const {
    const auto pixels = static_cast<unsigned>((int64_t{height} * width + element_threads - 1) / element_threads);
    return {.grid = dim3(pixels, static_cast<unsigned>(batch), static_cast<unsigned>(ceil_div(channels, group))),
            .block = dim3(element_threads)};
  }

  int batch, channels, height, width;
};

// The channels of this thread, for a launch by Sizes::blocks().
struct Channels {
  __device__ explicit Channels(const Sizes& s)
      : first((int64_t{blockIdx.y} * s.channels + blockIdx.z * group) * s.plane()),
        count(s.channels - static_cast<int>(blockIdx.z) * group < group
                  ? s.channels - static_cast<int>(blockIdx.z) * group
                  : group) {}
  int64_t first;  // element
  int count;
};

__device__ bool inside(int i, int size) { return i >= 0 && i < size; }

// The image with zeros around it.
__device__ float pixel(const Sizes& s, const float* x, int h, int w) {
  return inside(h, s.height) && inside(w, s.width) ? x[int64_t{h} * s.width + w] : 0.0F;
}

__global__ void __launch_bounds__(element_threads)
    forward(Sizes s, const float* __restrict__ x, const float* __restrict__ matrices, float* __restrict__ y) {
  const int64_t i = element_index();
  if (i >= s.plane()) return;
  const int p = static_cast<int>(i / s.width), q = static_cast<int>(i % s.width);
  const AffineMap map = s.map(matrices, blockIdx.y);
  const AxisCell h(map.v(p, q), s.height), w(map.u(p, q), s.width);
  const Channels channels(s);
  for (int c = 0; c < channels.count; ++c) {
    const float* from = x + channels.first + c * s.plane();
    const float left =
        (1.0F - h.fraction) * pixel(s, from, h.low, w.low) + h.fraction * pixel(s, from, h.low + 1, w.low);
    const float right =
        (1.0F - h.fraction) * pixel(s, from, h.low, w.low + 1) + h.fraction * pixel(s, from, h.low + 1, w.low + 1);
    y[channels.first + c * s.plane() + i] = (1.0F - w.fraction) * left + w.fraction * right;
  }
}

struct Range {
  int begin, end;
};

// The whole numbers of [0, size) less than `radius` from `middle`, and perhaps one more.
__device__ Range around(double middle, double radius, int size) {
  const double begin = middle - radius, end = middle + radius + 1.0;
  return {begin > 0.0 ? static_cast<int>(begin < size ? begin : size) : 0,
          end < size ? static_cast<int>(end > 0.0 ? end : 0.0) : size};
}

// The outputs that can show the pixel (h, w): the inverse map turns the square of those positions that are less than 1
// from it into a parallelogram, and this is the box around that. Where the inverse is not to be trusted, all.
struct Box {
  __device__ Box(const Sizes& s, const AffineMap& map, int h, int w) : rows{0, s.height}, columns{0, s.width} {
    const double determinant = map.a * map.e - map.b * map.d;
    if (!(fabs(determinant) > 1e-6 * (fabs(map.a * map.e) + fabs(map.b * map.d)))) return;
    constexpr double rounding = 0.01;
    const double u = w - map.c, v = h - map.f, scale = 1.0 / fabs(determinant);
    columns = around((map.e * u - map.b * v) / determinant, (fabs(map.e) + fabs(map.b)) * scale + rounding, s.width);
    rows = around((map.a * v - map.d * u) / determinant, (fabs(map.a) + fabs(map.d)) * scale + rounding, s.height);
  }
  Range rows, columns;
};

// What a pixel gives to a position so far from it.
__device__ float share(double distance) {
  const float size = static_cast<float>(fabs(distance));
  return size < 1.0F ? 1.0F - size : 0.0F;
}

__global__ void __launch_bounds__(element_threads)
    backward_image(Sizes s, const float* __restrict__ grad_y, const float* __restrict__ matrices,
                   float* __restrict__ grad_x) {
  const int64_t i = element_index();
  if (i >= s.plane()) return;
  const int h = static_cast<int>(i / s.width), w = static_cast<int>(i % s.width);
  const AffineMap map = s.map(matrices, blockIdx.y);
  const Box box(s, map, h, w);
  const Channels channels(s);
  float sums[group]{};
  for (int p = box.rows.begin; p < box.rows.end; ++p)
    for (int q = box.columns.begin; q < box.columns.end; ++q) {
      const float own = share(map.v(p, q) - h) * share(map.u(p, q) - w);
      if (own == 0.0F) continue;
      const float* from = grad_y + channels.first + int64_t{p} * s.width + q;
#pragma unroll
      for (int c = 0; c < group; ++c)
        if (c < channels.count) sums[c] += own * from[c * s.plane()];
    }
#pragma unroll
  for (int c = 0; c < group; ++c)
    if (c < channels.count) grad_x[channels.first + c * s.plane() + i] = sums[c];
}

// dL/du and dL/dv of one output, all channels.
struct PositionGradient {
  __device__ PositionGradient(const Sizes& s, const AffineMap& map, const float* x, const float* grad_y, int p, int q) {
    const AxisCell h(map.v(p, q), s.height), w(map.u(p, q), s.width);
    for (int c = 0; c < s.channels; ++c, x += s.plane(), grad_y += s.plane()) {
      const float upper_left = pixel(s, x, h.low, w.low), upper_right = pixel(s, x, h.low, w.low + 1);
      const float lower_left = pixel(s, x, h.low + 1, w.low), lower_right = pixel(s, x, h.low + 1, w.low + 1);
      const float g = grad_y[int64_t{p} * s.width + q];
      u += g * ((1.0F - h.fraction) * (upper_right - upper_left) + h.fraction * (lower_right - lower_left));
      v += g * ((1.0F - w.fraction) * (lower_left - upper_left) + w.fraction * (lower_right - upper_right));
    }
  }
  float u = 0.0F, v = 0.0F;
};

// A block a row of an image, whose share of the matrix's gradient it leaves in parts[n][p][0..5].
__global__ void __launch_bounds__(element_threads)
    backward_rows(Sizes s, const float* __restrict__ x, const float* __restrict__ grad_y,
                  const float* __restrict__ matrices, float* __restrict__ parts) {
  const int p = blockIdx.x, n = blockIdx.y;
  const int64_t image = int64_t{n} * s.channels * s.plane();
  const AffineMap map = s.map(matrices, n);
  const float middle_x = 0.5F * static_cast<float>(s.width - 1), middle_y = 0.5F * static_cast<float>(s.height - 1);
  float u = 0.0F, v = 0.0F, u_x = 0.0F, v_x = 0.0F;
  for (int q = threadIdx.x; q < s.width; q += element_threads) {
    const PositionGradient gradient(s, map, x + image, grad_y + image, p, q);
    const float from_middle = static_cast<float>(q) - middle_x;
    u += gradient.u;
    v += gradient.v;
    u_x += gradient.u * from_middle;
    v_x += gradient.v * from_middle;
  }
  constexpr int warps = element_threads / 32;
  u = block_sum<warps>(u);
  v = block_sum<warps>(v);
  u_x = block_sum<warps>(u_x);
  v_x = block_sum<warps>(v_x);
  if (threadIdx.x > 0) return;
  const float from_middle = static_cast<float>(p) - middle_y;
  float* own = parts + (int64_t{n} * s.height + p) * 6;
  own[0] = u_x;
  own[1] = u * from_middle;
  own[2] = u;
  own[3] = v_x;
  own[4] = v * from_middle;
  own[5] = v;
}

// A block a number of a matrix: the sum over the image's rows.
__global__ void __launch_bounds__(element_threads)
    add_rows(Sizes s, const float* __restrict__ parts, float* __restrict__ grad_matrices) {
  const int n = blockIdx.x / 6, k = blockIdx.x % 6;
  float sum = 0.0F;
  for (int p = threadIdx.x; p < s.height; p += element_threads) sum += parts[(int64_t{n} * s.height + p) * 6 + k];
  sum = block_sum<element_threads / 32>(sum);
  if (threadIdx.x == 0) grad_matrices[blockIdx.x] = sum;
}

size_t rows_bytes(const Problem& problem) {
  return static_cast<size_t>(problem.output.shape.n() * problem.output.shape.h()) * 6 * sizeof(float);
}

void run_forward(const Problem& problem, const Arguments& args) {
  const Sizes s(problem.output.shape);
  simt::launch(s.blocks(), forward, s, args.inputs[0].f32(), args.inputs[1].f32(), args.output.f32());
}

void run_backward_matrix(const Sizes& s, const Arguments& args) {
  auto* parts = reinterpret_cast<float*>(args.workspace);
  const auto blocks = [](int x, int y) {
    return simt::LaunchShape{.grid = dim3(static_cast<unsigned>(x), static_cast<unsigned>(y)),
                             .block = dim3(element_threads)};
  };
  simt::launch(blocks(s.height, s.batch), backward_rows, s, args.inputs[0].f32(), args.grad_output.f32(),
               args.inputs[1].f32(), parts);
  simt::launch(blocks(s.batch * 6, 1), add_rows, s, parts, args.grad_inputs[1].f32());
}

void run_backward_data(const Problem& problem, const Arguments& args) {
  const Sizes s(problem.output.shape);
  if (args.grad_inputs[0])
    simt::launch(s.blocks(), backward_image, s, args.grad_output.f32(), args.inputs[1].f32(),
                 args.grad_inputs[0].f32());
  if (args.grad_inputs[1]) run_backward_matrix(s, args);
}

Variant variant(Pass pass, RunFunction run, WorkspaceFunction workspace) {
  return {
      .name = "gather", .device = simt::device, .pass = pass, .layouts = in_nchw, .prepare = stateless(run, workspace)};
}

const RegisterVariant registered_forward("affine", variant(Pass::forward, run_forward, nullptr));
const RegisterVariant registered_backward_data("affine", variant(Pass::backward_data, run_backward_data, rows_bytes));

}  // namespace
}  // namespace convlens
