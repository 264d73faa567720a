// Implicit GEMM, as kernels/conv2d/cuda/03_register_tile.cu, with the roles exchanged: this operator is the transpose
// of a convolution from our output to our input, so
//   forward           is its backward_data      y[o, (n,p,q)]  = sum over (i,r,t) of w[(i,r,t), o]   x[(i,r,t),
//   (n,p,q)] backward_data     is its forward            dx[i, (n,h,v)] = sum over (o,r,t) of w[i, (o,r,t)] dy[(o,r,t),
//   (n,h,v)] backward_weights  is its backward_weights   dw[i, (o,r,t)] = sum over (n,h,v) of x[i, (n,h,v)] dy[(n,h,v),
//   (o,r,t)]
// In ConvSizes "in" is therefore our output. No zeros are inserted between the elements of x, nor products with them
// formed.

#include "kernels/base/cuda/backward_bias.h"
#include "kernels/base/cuda/convolution_operands.h"
#include "kernels/base/cuda/gemm_tile.h"
#include "kernels/base/cuda/layouts.h"
#include "kernels/base/registry.h"
#include "kernels/conv_transpose2d/conv_transpose2d.h"

namespace convlens {
namespace {

ConvSizes transposed_sizes(const Problem& problem) {
  const ConvTranspose2dSizes s(problem);
  const auto i = [](int64_t value) { return static_cast<int>(value); };
  return {.batch = i(s.batch),
          .in_channels = i(s.out_channels),
          .out_channels = i(s.in_channels),
          .group_in = i(s.group_out),
          .group_out = i(s.group_in),
          .height = i(s.y.output),
          .width = i(s.x.output),
          .out_height = i(s.y.input),
          .out_width = i(s.x.input),
          .kernel_height = i(s.y.kernel),
          .kernel_width = i(s.x.kernel),
          .stride_y = i(s.y.stride),
          .stride_x = i(s.x.stride),
          .pad_top = i(s.y.before),
          .pad_left = i(s.x.before),
          .dilation_y = i(s.y.dilation),
          .dilation_x = i(s.x.dilation)};
}

__global__ void __launch_bounds__(GemmTile::threads, GemmTile::blocks)
    forward(ConvSizes s, const float* __restrict__ x, const float* __restrict__ w, const float* __restrict__ bias,
            float* __restrict__ y) {
  const int group = blockIdx.z, window = s.kernel_height * s.kernel_width, plane = s.height * s.width;
  const FiltersOfInput filters{w + int64_t{group} * s.group_out * s.group_in * window, s.group_in, window};
  const GradientsAt inputs{s, x + int64_t{group} * s.group_out * s.out_height * s.out_width};
  gemm_tile_to(filters, inputs, s.group_in, s.batch * plane, s.group_out * window, blockIdx.y * GemmTile::size,
               blockIdx.x * GemmTile::size, [&](int o, int pixel, float sum) {
                 const int channel = group * s.group_in + o;
                 const int64_t image = pixel / plane;
                 y[(image * s.in_channels + channel) * plane + pixel % plane] = sum + (bias ? bias[channel] : 0.0F);
               });
}

__global__ void __launch_bounds__(GemmTile::threads, GemmTile::blocks)
    backward_data(ConvSizes s, const float* __restrict__ grad_y, const float* __restrict__ w,
                  float* __restrict__ grad_x) {
  const int group = blockIdx.z, taps = s.group_in * s.kernel_height * s.kernel_width,
            plane = s.out_height * s.out_width;
  const Filters filters{w + int64_t{group} * s.group_out * taps, taps};
  const Patches gradients{s, grad_y + int64_t{group} * s.group_in * s.height * s.width};
  gemm_tile_to(filters, gradients, s.group_out, s.batch * plane, taps, blockIdx.y * GemmTile::size,
               blockIdx.x * GemmTile::size, [&](int i, int pixel, float sum) {
                 const int64_t image = pixel / plane;
                 grad_x[(image * s.out_channels + group * s.group_out + i) * plane + pixel % plane] = sum;
               });
}

__global__ void __launch_bounds__(GemmTile::threads, GemmTile::blocks)
    backward_weight(ConvSizes s, const float* __restrict__ x, const float* __restrict__ grad_y,
                    float* __restrict__ grad_w) {
  const int group = blockIdx.z, taps = s.group_in * s.kernel_height * s.kernel_width,
            plane = s.out_height * s.out_width;
  const Gradients inputs{x + int64_t{group} * s.group_out * plane, plane, s.out_channels};
  const PatchesByTap gradients{{s, grad_y + int64_t{group} * s.group_in * s.height * s.width}};
  gemm_tile_to(inputs, gradients, s.group_out, taps, s.batch * plane, blockIdx.y * GemmTile::size,
               blockIdx.x * GemmTile::size,
               [&](int i, int tap, float sum) { grad_w[(int64_t{group} * s.group_out + i) * taps + tap] = sum; });
}

simt::LaunchShape shape_of(const ConvSizes& s, int64_t rows, int64_t columns) {
  return {.grid = dim3(gemm_tiles(columns), gemm_tiles(rows), static_cast<unsigned>(s.in_channels / s.group_in)),
          .block = dim3(GemmTile::threads)};
}

void run_forward(const Problem& problem, const Arguments& args) {
  const ConvSizes s = transposed_sizes(problem);
  simt::launch(shape_of(s, s.group_in, int64_t{s.batch} * s.height * s.width), forward, s, args.inputs[0].f32(),
               args.weights[0].f32(), args.weights.size() > 1 ? args.weights[1].f32() : nullptr, args.output.f32());
}

void run_backward_data(const Problem& problem, const Arguments& args) {
  const ConvSizes s = transposed_sizes(problem);
  simt::launch(shape_of(s, s.group_out, int64_t{s.batch} * s.out_height * s.out_width), backward_data, s,
               args.grad_output.f32(), args.weights[0].f32(), args.grad_inputs[0].f32());
}

void run_backward_weights(const Problem& problem, const Arguments& args) {
  const ConvSizes s = transposed_sizes(problem);
  simt::launch(shape_of(s, s.group_out, int64_t{s.group_in} * s.kernel_height * s.kernel_width), backward_weight, s,
               args.inputs[0].f32(), args.grad_output.f32(), args.grad_weights[0].f32());
  if (args.grad_weights.size() > 1)
    backward_bias(problem.output.shape, args.grad_output.f32(), args.grad_weights[1].f32());
}

Variant variant(Pass pass, RunFunction run) {
  return {.name = "register_tile", .device = simt::device, .pass = pass, .layouts = in_nchw, .prepare = stateless(run)};
}

const RegisterVariant registered_forward("conv_transpose2d", variant(Pass::forward, run_forward));
const RegisterVariant registered_backward_data("conv_transpose2d", variant(Pass::backward_data, run_backward_data));
const RegisterVariant registered_backward_weights("conv_transpose2d",
                                                  variant(Pass::backward_weights, run_backward_weights));

}  // namespace
}  // namespace convlens
