// 03_register_tile with its loads out of the way: cp.async carries the next slice from global into shared memory, past
// the registers, while the block multiplies the present one. Two slices of each operand take 2 x 4.25 KiB more shared
// memory; the bytes moved are the same, but nobody waits for them while there is something to compute. Padding is
// filled with zeros by the copy itself.

#include "kernels/base/cuda/activation.h"
#include "kernels/base/cuda/backward_bias.h"
#include "kernels/base/cuda/gemm_tile_async.h"
#include "kernels/base/registry.h"
#include "kernels/conv2d/cuda/sizes.h"

namespace convlens {
namespace {

__global__ void __launch_bounds__(GemmTile::threads, GemmTile::blocks)
    forward(ConvSizes s, const float* __restrict__ x, const float* __restrict__ w, const float* __restrict__ bias,
            float* __restrict__ y, ActivationLimits activation) {
  const int group = blockIdx.z, taps = s.group_in * s.kernel_height * s.kernel_width,
            plane = s.out_height * s.out_width;
  const int first_filter = group * s.group_out;
  const Filters filters{w + int64_t{first_filter} * taps, taps};
  const Patches patches{s, x + int64_t{group} * s.group_in * s.height * s.width};
  gemm_tile_async_to(filters, patches, s.group_out, s.batch * plane, taps, blockIdx.y * GemmTile::size,
                     blockIdx.x * GemmTile::size, x, [&](int o, int pixel, float sum) {
                       const int channel = first_filter + o;
                       const int64_t image = pixel / plane;
                       y[(image * s.out_channels + channel) * plane + pixel % plane] =
                           activation(sum + (bias ? bias[channel] : 0.0F));
                     });
}

__global__ void __launch_bounds__(GemmTile::threads, GemmTile::blocks)
    backward_data(ConvSizes s, const float* __restrict__ grad_y, const float* __restrict__ w,
                  float* __restrict__ grad_x) {
  const int group = blockIdx.z, window = s.kernel_height * s.kernel_width, plane = s.height * s.width;
  const FiltersOfInput filters{w + int64_t{group} * s.group_out * s.group_in * window, s.group_in, window};
  const GradientsAt gradients{s, grad_y + int64_t{group} * s.group_out * s.out_height * s.out_width};
  gemm_tile_async_to(filters, gradients, s.group_in, s.batch * plane, s.group_out * window, blockIdx.y * GemmTile::size,
                     blockIdx.x * GemmTile::size, grad_y, [&](int i, int pixel, float sum) {
                       const int64_t image = pixel / plane;
                       grad_x[(image * s.in_channels + group * s.group_in + i) * plane + pixel % plane] = sum;
                     });
}

__global__ void __launch_bounds__(GemmTile::threads, GemmTile::blocks)
    backward_weight(ConvSizes s, const float* __restrict__ x, const float* __restrict__ grad_y,
                    float* __restrict__ grad_w) {
  const int group = blockIdx.z, taps = s.group_in * s.kernel_height * s.kernel_width,
            plane = s.out_height * s.out_width;
  const Gradients gradients{grad_y + int64_t{group} * s.group_out * plane, plane, s.out_channels};
  const PatchesByTap patches{{s, x + int64_t{group} * s.group_in * s.height * s.width}};
  gemm_tile_async_to(gradients, patches, s.group_out, taps, s.batch * plane, blockIdx.y * GemmTile::size,
                     blockIdx.x * GemmTile::size, x,
                     [&](int o, int tap, float sum) { grad_w[(int64_t{group} * s.group_out + o) * taps + tap] = sum; });
}

simt::LaunchShape shape_of(int64_t rows, int64_t columns, int64_t groups) {
  return {.grid = dim3(gemm_tiles(columns), gemm_tiles(rows), static_cast<unsigned>(groups)),
          .block = dim3(GemmTile::threads)};
}

int64_t groups_of(const ConvSizes& s) { return s.in_channels / s.group_in; }

void run_forward(const Problem& problem, const Arguments& args) {
  const ConvSizes s = conv_sizes(problem);
  simt::launch(shape_of(s.group_out, int64_t{s.batch} * s.out_height * s.out_width, groups_of(s)), forward, s,
               args.inputs[0].f32(), args.weights[0].f32(), args.weights.size() > 1 ? args.weights[1].f32() : nullptr,
               args.output.f32(), activation_limits(problem.activation));
}

void run_backward_data(const Problem& problem, const Arguments& args) {
  const ConvSizes s = conv_sizes(problem);
  simt::launch(shape_of(s.group_in, int64_t{s.batch} * s.height * s.width, groups_of(s)), backward_data, s,
               args.grad_output.f32(), args.weights[0].f32(), args.grad_inputs[0].f32());
}

void run_backward_weights(const Problem& problem, const Arguments& args) {
  const ConvSizes s = conv_sizes(problem);
  simt::launch(shape_of(s.group_out, int64_t{s.group_in} * s.kernel_height * s.kernel_width, groups_of(s)),
               backward_weight, s, args.inputs[0].f32(), args.grad_output.f32(), args.grad_weights[0].f32());
  if (args.grad_weights.size() > 1)
    backward_bias(problem.output.shape, args.grad_output.f32(), args.grad_weights[1].f32());
}

Variant variant(Pass pass, RunFunction run) {
  return {.name = "04_async_copy",
          .device = simt::device,
          .pass = pass,
          .priority = 4,
          .fuses_activation = pass == Pass::forward,
          .layouts = in_nchw,
          .prepare = stateless(run)};
}

const RegisterVariant registered_forward("conv2d", variant(Pass::forward, run_forward));
const RegisterVariant registered_backward_data("conv2d", variant(Pass::backward_data, run_backward_data));
const RegisterVariant registered_backward_weights("conv2d", variant(Pass::backward_weights, run_backward_weights));

}  // namespace
}  // namespace convlens
