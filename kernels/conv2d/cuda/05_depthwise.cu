// One filter a channel: there is nothing to multiply as matrices (03 and 04 would use 1 row of a tile's 64), only
// memory to read and write. A thread makes 4 results below each other from the rows that they share: for 3 x 3 windows
// of stride 1 it loads 18 values for 4 results instead of 36. Planes lie behind each other in one long row of threads,
// so that small planes fill warps too. Kernel and stride are constants, and every loop over them is unrolled.

#include "kernels/base/cuda/activation.h"
#include "kernels/base/cuda/backward_bias.h"
#include "kernels/base/cuda/block_sum.h"
#include "kernels/base/cuda/blocks.h"
#include "kernels/base/registry.h"
#include "kernels/conv2d/cuda/sizes.h"

namespace convlens {
namespace {

constexpr int rows_each = 4, sum_threads = 256;

__device__ int64_t plane_in(const ConvSizes& s, int64_t plane) { return plane * s.height * s.width; }
__device__ int64_t plane_out(const ConvSizes& s, int64_t plane) { return plane * s.out_height * s.out_width; }

// Adds to sums[j] what row `i` of the thread's piece of x gives to its result j.
template <int kernel, int stride>
__device__ void add_row(const ConvSizes& s, const float* row, int left, int i, const float* w,
                        float (&sums)[rows_each]) {
#pragma unroll
  for (int t = 0; t < kernel; ++t) {
    const int v = left + t;
    const float value = v >= 0 && v < s.width ? row[v] : 0.0F;
#pragma unroll
    for (int j = 0; j < rows_each; ++j) {
      const int r = i - j * stride;
      if (r >= 0 && r < kernel) sums[j] += w[r * kernel + t] * value;
    }
  }
}

template <int kernel, int stride>
__global__ void __launch_bounds__(element_threads)
    forward(ConvSizes s, const float* __restrict__ x, const float* __restrict__ w, const float* __restrict__ bias,
            float* __restrict__ y, ActivationLimits activation) {
  const int strips = (s.out_height + rows_each - 1) / rows_each, of_plane = strips * s.out_width;
  const int64_t plane = element_index() / of_plane;
  if (plane >= int64_t{s.batch} * s.out_channels) return;
  const int strip = static_cast<int>(element_index() % of_plane), q = strip % s.out_width,
            first_p = strip / s.out_width * rows_each;
  const int channel = static_cast<int>(plane % s.out_channels);
  const int top = first_p * stride - s.pad_top, left = q * stride - s.pad_left;
  float sums[rows_each] = {};
#pragma unroll
  for (int i = 0; i < (rows_each - 1) * stride + kernel; ++i)
    if (top + i >= 0 && top + i < s.height)
      add_row<kernel, stride>(s, x + plane_in(s, plane) + int64_t{top + i} * s.width, left, i,
                              w + channel * kernel * kernel, sums);
  const float shift = bias ? bias[channel] : 0.0F;
#pragma unroll
  for (int j = 0; j < rows_each; ++j)
    if (first_p + j < s.out_height)
      y[plane_out(s, plane) + int64_t{first_p + j} * s.out_width + q] = activation(sums[j] + shift);
}

// Gathers: the outputs (p, q) whose window holds the input (h, v).
template <int kernel, int stride>
__global__ void __launch_bounds__(element_threads)
    backward_data(ConvSizes s, const float* __restrict__ grad_y, const float* __restrict__ w,
                  float* __restrict__ grad_x) {
  const int64_t plane = element_index() / (s.height * s.width);
  if (plane >= int64_t{s.batch} * s.in_channels) return;
  const int pixel = static_cast<int>(element_index() % (s.height * s.width)), h = pixel / s.width, v = pixel % s.width;
  const float* filter = w + plane % s.in_channels * kernel * kernel;
  float sum = 0.0F;
#pragma unroll
  for (int r = 0; r < kernel; ++r)
#pragma unroll
    for (int t = 0; t < kernel; ++t) {
      const int top = h + s.pad_top - r, left = v + s.pad_left - t, p = top / stride, q = left / stride;
      const bool meets =
          top >= 0 && left >= 0 && top % stride == 0 && left % stride == 0 && p < s.out_height && q < s.out_width;
      if (meets) sum += grad_y[plane_out(s, plane) + int64_t{p} * s.out_width + q] * filter[r * kernel + t];
    }
  grad_x[plane_in(s, plane) + pixel] = sum;
}

// A block sums the filter of one channel, a thread every 256th pixel of it: each value of dy is loaded once for the
// whole window.
template <int kernel, int stride>
__global__ void __launch_bounds__(sum_threads)
    backward_weight(ConvSizes s, const float* __restrict__ x, const float* __restrict__ grad_y,
                    float* __restrict__ grad_w) {
  const int channel = blockIdx.x, pixels = s.out_height * s.out_width;
  float sums[kernel][kernel] = {};
  for (int i = threadIdx.x; i < s.batch * pixels; i += sum_threads) {
    const int64_t plane = int64_t{i / pixels} * s.in_channels + channel;
    const int pixel = i % pixels, top = pixel / s.out_width * stride - s.pad_top,
              left = pixel % s.out_width * stride - s.pad_left;
    const float gradient = grad_y[plane_out(s, plane) + pixel];
#pragma unroll
    for (int r = 0; r < kernel; ++r)
#pragma unroll
      for (int t = 0; t < kernel; ++t) {
        const int h = top + r, v = left + t;
        if (h >= 0 && h < s.height && v >= 0 && v < s.width)
          sums[r][t] += gradient * x[plane_in(s, plane) + int64_t{h} * s.width + v];
      }
  }
#pragma unroll
  for (int r = 0; r < kernel; ++r)
#pragma unroll
    for (int t = 0; t < kernel; ++t) {
      const float sum = block_sum<sum_threads / 32>(sums[r][t]);
      if (threadIdx.x == 0) grad_w[(channel * kernel + r) * kernel + t] = sum;
    }
}

// The three passes for one kernel and stride.
template <int kernel, int stride>
struct Depthwise {
  static void run_forward(const Problem& problem, const Arguments& args) {
    const ConvSizes s = conv_sizes(problem);
    const int64_t strips = (s.out_height + rows_each - 1) / rows_each;
    simt::launch(one_thread_each(strips * s.out_width * s.out_channels * s.batch), forward<kernel, stride>, s,
                 args.inputs[0].f32(), args.weights[0].f32(), args.weights.size() > 1 ? args.weights[1].f32() : nullptr,
                 args.output.f32(), activation_limits(problem.activation));
  }
  static void run_backward_data(const Problem& problem, const Arguments& args) {
    const ConvSizes s = conv_sizes(problem);
    simt::launch(one_thread_each(problem.inputs[0].elements()), backward_data<kernel, stride>, s,
                 args.grad_output.f32(), args.weights[0].f32(), args.grad_inputs[0].f32());
  }
  static void run_backward_weights(const Problem& problem, const Arguments& args) {
    const ConvSizes s = conv_sizes(problem);
    simt::launch({.grid = dim3(static_cast<unsigned>(s.in_channels)), .block = dim3(sum_threads)},
                 backward_weight<kernel, stride>, s, args.inputs[0].f32(), args.grad_output.f32(),
                 args.grad_weights[0].f32());
    if (args.grad_weights.size() > 1)
      backward_bias(problem.output.shape, args.grad_output.f32(), args.grad_weights[1].f32());
  }
};

struct Passes {
  RunFunction forward, backward_data, backward_weights;
};

template <int kernel, int stride>
constexpr Passes passes_of{Depthwise<kernel, stride>::run_forward, Depthwise<kernel, stride>::run_backward_data,
                           Depthwise<kernel, stride>::run_backward_weights};

const Passes* passes(const ConvSizes& s) {
  if (s.kernel_height != s.kernel_width || s.stride_y != s.stride_x) return nullptr;
  if (s.kernel_width == 3 && s.stride_x == 1) return &passes_of<3, 1>;
  if (s.kernel_width == 3 && s.stride_x == 2) return &passes_of<3, 2>;
  if (s.kernel_width == 5 && s.stride_x == 1) return &passes_of<5, 1>;
  if (s.kernel_width == 5 && s.stride_x == 2) return &passes_of<5, 2>;
  return nullptr;
}

std::optional<std::string> refuses(const Problem& problem) {
  const ConvSizes s = conv_sizes(problem);
  if (s.group_in != 1 || s.group_out != 1) return "needs one filter a channel";
  if (s.dilation_y != 1 || s.dilation_x != 1) return "needs dilation 1";
  if (!passes(s)) return "needs a kernel of 3 x 3 or 5 x 5 and stride 1 or 2";
  return std::nullopt;
}

template <RunFunction Passes::*pass>
void run(const Problem& problem, const Arguments& args) {
  (passes(conv_sizes(problem))->*pass)(problem, args);
}

Variant variant(Pass pass, RunFunction run_pass) {
  return {.name = "05_depthwise",
          .device = simt::device,
          .pass = pass,
          .priority = 5,
          .fuses_activation = pass == Pass::forward,
          .layouts = in_nchw,
          .refuses = refuses,
          .prepare = stateless(run_pass)};
}

const RegisterVariant registered_forward("conv2d", variant(Pass::forward, run<&Passes::forward>));
const RegisterVariant registered_backward_data("conv2d", variant(Pass::backward_data, run<&Passes::backward_data>));
const RegisterVariant registered_backward_weights("conv2d",
                                                  variant(Pass::backward_weights, run<&Passes::backward_weights>));

}  // namespace
}  // namespace convlens
