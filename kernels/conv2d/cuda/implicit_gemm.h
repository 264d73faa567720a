#pragma once

#include "kernels/base/cuda/activation.h"
#include "kernels/base/cuda/backward_bias.h"
#include "kernels/base/cuda/gemm_tile.h"
#include "kernels/base/cuda/layouts.h"
#include "kernels/base/registry.h"
#include "kernels/conv2d/cuda/sizes.h"

// A convolution as a product of matrices that are never written down: filters times patches, where a patch's element is
// found by its index when a slice of it is loaded. All strides, paddings, dilations and groups.
//
//   forward           y[o, (n,p,q)]        = sum over (i,r,t) of w[o, (i,r,t)]      x[(i,r,t), (n,p,q)]
//   backward_data     dx[i, (n,h,v)]       = sum over (o,r,t) of w[(o,r,t), i]      dy[(o,r,t), (n,h,v)]
//   backward_weights  dw[o, (i,r,t)]       = sum over (n,p,q) of dy[o, (n,p,q)]     x[(n,p,q), (i,r,t)]
//
// How a block makes its tile of 64 x 64 results is `Tile::multiply(a, b, rows, columns, depth, first_row, first_column,
// somewhere, store)`: what the rungs differ in. `somewhere` is any address in global memory.

namespace convlens {

template <class Tile>
__global__ void __launch_bounds__(GemmTile::threads, GemmTile::blocks)
    implicit_gemm_forward(ConvSizes s, const float* __restrict__ x, const float* __restrict__ w,
                          const float* __restrict__ bias, float* __restrict__ y, ActivationLimits activation) {
  const int group = blockIdx.z, taps = s.group_in * s.kernel_height * s.kernel_width,
            plane = s.out_height * s.out_width;
  const int first_filter = group * s.group_out;
  const Filters filters{w + int64_t{first_filter} * taps, taps};
  const Patches patches{s, x + int64_t{group} * s.group_in * s.height * s.width};
  Tile::multiply(filters, patches, s.group_out, s.batch * plane, taps, blockIdx.y * GemmTile::size,
                 blockIdx.x * GemmTile::size, x, [&](int o, int pixel, float sum) {
                   const int channel = first_filter + o;
                   const int64_t image = pixel / plane;
                   y[(image * s.out_channels + channel) * plane + pixel % plane] =
                       activation(sum + (bias ? bias[channel] : 0.0F));
                 });
}

template <class Tile>
__global__ void __launch_bounds__(GemmTile::threads, GemmTile::blocks)
    implicit_gemm_backward_data(ConvSizes s, const float* __restrict__ grad_y, const float* __restrict__ w,
                                float* __restrict__ grad_x) {
  const int group = blockIdx.z, window = s.kernel_height * s.kernel_width, plane = s.height * s.width;
  const FiltersOfInput filters{w + int64_t{group} * s.group_out * s.group_in * window, s.group_in, window};
  const GradientsAt gradients{s, grad_y + int64_t{group} * s.group_out * s.out_height * s.out_width};
  Tile::multiply(filters, gradients, s.group_in, s.batch * plane, s.group_out * window, blockIdx.y * GemmTile::size,
                 blockIdx.x * GemmTile::size, grad_y, [&](int i, int pixel, float sum) {
                   const int64_t image = pixel / plane;
                   grad_x[(image * s.in_channels + group * s.group_in + i) * plane + pixel % plane] = sum;
                 });
}

template <class Tile>
__global__ void __launch_bounds__(GemmTile::threads, GemmTile::blocks)
    implicit_gemm_backward_weight(ConvSizes s, const float* __restrict__ x, const float* __restrict__ grad_y,
                                  float* __restrict__ grad_w) {
  const int group = blockIdx.z, taps = s.group_in * s.kernel_height * s.kernel_width,
            plane = s.out_height * s.out_width;
  const Gradients gradients{grad_y + int64_t{group} * s.group_out * plane, plane, s.out_channels};
  const PatchesByTap patches{{s, x + int64_t{group} * s.group_in * s.height * s.width}};
  Tile::multiply(gradients, patches, s.group_out, taps, s.batch * plane, blockIdx.y * GemmTile::size,
                 blockIdx.x * GemmTile::size, x,
                 [&](int o, int tap, float sum) { grad_w[(int64_t{group} * s.group_out + o) * taps + tap] = sum; });
}

inline simt::LaunchShape implicit_gemm_shape(int64_t rows, int64_t columns, int64_t groups) {
  return {.grid = dim3(gemm_tiles(columns), gemm_tiles(rows), static_cast<unsigned>(groups)),
          .block = dim3(GemmTile::threads)};
}

inline int64_t groups_of(const ConvSizes& s) { return s.in_channels / s.group_in; }

template <class Tile>
void run_forward(const Problem& problem, const Arguments& args) {
  const ConvSizes s = conv_sizes(problem);
  simt::launch(implicit_gemm_shape(s.group_out, int64_t{s.batch} * s.out_height * s.out_width, groups_of(s)),
               implicit_gemm_forward<Tile>, s, args.inputs[0].f32(), args.weights[0].f32(),
               args.weights.size() > 1 ? args.weights[1].f32() : nullptr, args.output.f32(),
               activation_limits(problem.activation));
}

template <class Tile>
void run_backward_data(const Problem& problem, const Arguments& args) {
  const ConvSizes s = conv_sizes(problem);
  simt::launch(implicit_gemm_shape(s.group_in, int64_t{s.batch} * s.height * s.width, groups_of(s)),
               implicit_gemm_backward_data<Tile>, s, args.grad_output.f32(), args.weights[0].f32(),
               args.grad_inputs[0].f32());
}

template <class Tile>
void run_backward_weights(const Problem& problem, const Arguments& args) {
  const ConvSizes s = conv_sizes(problem);
  simt::launch(implicit_gemm_shape(s.group_out, int64_t{s.group_in} * s.kernel_height * s.kernel_width, groups_of(s)),
               implicit_gemm_backward_weight<Tile>, s, args.inputs[0].f32(), args.grad_output.f32(),
               args.grad_weights[0].f32());
  if (args.grad_weights.size() > 1)
    backward_bias(problem.output.shape, args.grad_output.f32(), args.grad_weights[1].f32());
}

/// The variant of a rung.
template <class Tile>
Variant implicit_gemm(std::string name, int priority, Pass pass) {
  constexpr auto run_of = [](Pass of) -> RunFunction {
    switch (of) {
      case Pass::forward: return run_forward<Tile>;
      case Pass::backward_data: return run_backward_data<Tile>;
      case Pass::backward_weights: return run_backward_weights<Tile>;
    }
    return nullptr;
  };
  return {.name = std::move(name),
          .device = simt::device,
          .pass = pass,
          .priority = priority,
          .fuses_activation = pass == Pass::forward,
          .layouts = in_nchw,
          .prepare = stateless(run_of(pass))};
}

}  // namespace convlens
