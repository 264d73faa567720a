// The formula, one thread a result: each product costs two loads from global memory and two operations. Neighbouring
// threads have neighbouring columns, so the loads of x coalesce where the stride is 1, and those of w are one address
// for the whole warp; only the caches see that a value is loaded KH*KW*O times. What the other rungs are compared with.

#include "kernels/base/cuda/backward_bias.h"
#include "kernels/base/cuda/warp_sum.h"
#include "kernels/base/registry.h"
#include "kernels/conv2d/cuda/sizes.h"

namespace convlens {
namespace {

constexpr int threads = 128;

__global__ void __launch_bounds__(threads)
    forward(ConvSizes s, const float* __restrict__ x, const float* __restrict__ w, const float* __restrict__ bias,
            float* __restrict__ y) {
  const int pixel = blockIdx.x * threads + threadIdx.x, o = blockIdx.y, n = blockIdx.z;
  if (pixel >= s.out_height * s.out_width) return;
  const int p = pixel / s.out_width, q = pixel % s.out_width;
  const int first = o / s.group_out * s.group_in;
  float sum = bias ? bias[o] : 0.0F;
  for (int i = 0; i < s.group_in; ++i)
    for (int r = 0; r < s.kernel_height; ++r)
      for (int t = 0; t < s.kernel_width; ++t) {
        const int h = p * s.stride_y - s.pad_top + r * s.dilation_y;
        const int v = q * s.stride_x - s.pad_left + t * s.dilation_x;
        if (h < 0 || h >= s.height || v < 0 || v >= s.width) continue;
        sum += w[((int64_t{o} * s.group_in + i) * s.kernel_height + r) * s.kernel_width + t] *
               x[((int64_t{n} * s.in_channels + first + i) * s.height + h) * s.width + v];
      }
  y[(int64_t{n} * s.out_channels + o) * s.out_height * s.out_width + pixel] = sum;
}

// Gathers: the outputs (p, q) whose window holds the input (h, v).
__global__ void __launch_bounds__(threads) backward_data(ConvSizes s, const float* __restrict__ grad_y,
                                                         const float* __restrict__ w, float* __restrict__ grad_x) {
  const int pixel = blockIdx.x * threads + threadIdx.x, c = blockIdx.y, n = blockIdx.z;
  if (pixel >= s.height * s.width) return;
  const int h = pixel / s.width, v = pixel % s.width;
  const int group = c / s.group_in, i = c % s.group_in;
  float sum = 0.0F;
  for (int r = 0; r < s.kernel_height; ++r) {
    const int top = h + s.pad_top - r * s.dilation_y;
    if (top < 0 || top % s.stride_y != 0 || top / s.stride_y >= s.out_height) continue;
    for (int t = 0; t < s.kernel_width; ++t) {
      const int left = v + s.pad_left - t * s.dilation_x;
      if (left < 0 || left % s.stride_x != 0 || left / s.stride_x >= s.out_width) continue;
      for (int o = group * s.group_out; o < (group + 1) * s.group_out; ++o)
        sum += grad_y[((int64_t{n} * s.out_channels + o) * s.out_height + top / s.stride_y) * s.out_width +
                      left / s.stride_x] *
               w[((int64_t{o} * s.group_in + i) * s.kernel_height + r) * s.kernel_width + t];
    }
  }
  grad_x[(int64_t{n} * s.in_channels + c) * s.height * s.width + pixel] = sum;
}

// The lanes share the sum of one weight over all pixels.
// One block of a warp a weight (i, r, t) of the filter blockIdx.y.
__global__ void __launch_bounds__(32) backward_weight(ConvSizes s, const float* __restrict__ x,
                                                      const float* __restrict__ grad_y, float* __restrict__ grad_w) {
  const int o = blockIdx.y, t = blockIdx.x % s.kernel_width, r = blockIdx.x / s.kernel_width % s.kernel_height,
            i = blockIdx.x / s.kernel_width / s.kernel_height;
  const int c = o / s.group_out * s.group_in + i;
  float sum = 0.0F;
  for (int n = 0; n < s.batch; ++n)
    for (int pixel = threadIdx.x; pixel < s.out_height * s.out_width; pixel += 32) {
      const int h = pixel / s.out_width * s.stride_y - s.pad_top + r * s.dilation_y;
      const int v = pixel % s.out_width * s.stride_x - s.pad_left + t * s.dilation_x;
      if (h < 0 || h >= s.height || v < 0 || v >= s.width) continue;
      sum += grad_y[(int64_t{n} * s.out_channels + o) * s.out_height * s.out_width + pixel] *
             x[((int64_t{n} * s.in_channels + c) * s.height + h) * s.width + v];
    }
  sum = warp_sum(sum);
  if (threadIdx.x == 0) grad_w[int64_t{o} * gridDim.x + blockIdx.x] = sum;
}

dim3 grid_of(int pixels, int channels, int batch) {
  return dim3(static_cast<unsigned>((pixels + threads - 1) / threads), static_cast<unsigned>(channels),
              static_cast<unsigned>(batch));
}

void run_forward(const Problem& problem, const Arguments& args) {
  const ConvSizes s = conv_sizes(problem);
  simt::launch({.grid = grid_of(s.out_height * s.out_width, s.out_channels, s.batch), .block = dim3(threads)}, forward,
               s, args.inputs[0].f32(), args.weights[0].f32(),
               args.weights.size() > 1 ? args.weights[1].f32() : nullptr, args.output.f32());
}

void run_backward_data(const Problem& problem, const Arguments& args) {
  const ConvSizes s = conv_sizes(problem);
  simt::launch({.grid = grid_of(s.height * s.width, s.in_channels, s.batch), .block = dim3(threads)}, backward_data, s,
               args.grad_output.f32(), args.weights[0].f32(), args.grad_inputs[0].f32());
}

void run_backward_weights(const Problem& problem, const Arguments& args) {
  const ConvSizes s = conv_sizes(problem);
  const auto taps = static_cast<unsigned>(s.group_in * s.kernel_height * s.kernel_width);
  simt::launch({.grid = dim3(taps, static_cast<unsigned>(s.out_channels)), .block = dim3(32)}, backward_weight, s,
               args.inputs[0].f32(), args.grad_output.f32(), args.grad_weights[0].f32());
  if (args.grad_weights.size() > 1)
    backward_bias(problem.output.shape, args.grad_output.f32(), args.grad_weights[1].f32());
}

Variant variant(Pass pass, RunFunction run) {
  return {.name = "01_naive",
          .device = simt::device,
          .pass = pass,
          .priority = 1,
          .layouts = in_nchw,
          .prepare = stateless(run)};
}

const RegisterVariant registered_forward("conv2d", variant(Pass::forward, run_forward));
const RegisterVariant registered_backward_data("conv2d", variant(Pass::backward_data, run_backward_data));
const RegisterVariant registered_backward_weights("conv2d", variant(Pass::backward_weights, run_backward_weights));

}  // namespace
}  // namespace convlens
