#pragma once

#include "kernels/base/cuda/activation.h"
#include "kernels/base/cuda/backward_bias.h"
#include "kernels/base/cuda/gemm_tile.h"
#include "kernels/base/cuda/layouts.h"
#include "kernels/base/registry.h"
#include "kernels/conv2d/cuda/sizes.h"

// A convolution as a product of matrices that are never written down: filters times patches, where a patch's element is
// found by its index when a slice of it is loaded. All strides, paddings, dilations and groups. Each pass is a struct
// that says what its two operands are in a group, how large, and where a result goes; the rungs differ in how a block
// makes its tile of the product.

namespace convlens {

/// Of one group: A is rows x depth, B is depth x columns.
struct GemmSizes {
  int rows, columns, depth;
};

/// What a pass reads and writes. Only the forward pass has a bias and an activation.
struct GemmTensors {
  ConvSizes s;
  const float *left, *right;
  float* result;
  const float* bias = nullptr;
  ActivationLimits activation = {};
};

/// y[o, (n,p,q)] = sum over (i,r,t) of w[o, (i,r,t)] x[(i,r,t), (n,p,q)]; left is w, right is x.
struct ForwardGemm : GemmTensors {
  static __host__ __device__ GemmSizes sizes(const ConvSizes& s) {
    return {s.group_out, s.batch * s.out_height * s.out_width, s.group_in * s.kernel_height * s.kernel_width};
  }
  __device__ Filters a(int group) const {
    const int taps = sizes(s).depth;
    return {left + int64_t{group} * s.group_out * taps, taps};
  }
  __device__ Patches b(int group) const { return {s, right + int64_t{group} * s.group_in * s.height * s.width}; }
  __device__ void store(int group, int o, int pixel, float sum) const {
    const int channel = group * s.group_out + o, plane = s.out_height * s.out_width;
    const int64_t image = pixel / plane;
    result[(image * s.out_channels + channel) * plane + pixel % plane] =
        activation(sum + (bias ? bias[channel] : 0.0F));
  }
};

/// dx[i, (n,h,v)] = sum over (o,r,t) of w[(o,r,t), i] dy[(o,r,t), (n,h,v)]; left is w, right is dy.
struct BackwardDataGemm : GemmTensors {
  static __host__ __device__ GemmSizes sizes(const ConvSizes& s) {
    return {s.group_in, s.batch * s.height * s.width, s.group_out * s.kernel_height * s.kernel_width};
  }
  __device__ FiltersOfInput a(int group) const {
    const int window = s.kernel_height * s.kernel_width;
    return {left + int64_t{group} * s.group_out * s.group_in * window, s.group_in, window};
  }
  __device__ GradientsAt b(int group) const {
    return {s, right + int64_t{group} * s.group_out * s.out_height * s.out_width};
  }
  __device__ void store(int group, int i, int pixel, float sum) const {
    const int plane = s.height * s.width;
    const int64_t image = pixel / plane;
    result[(image * s.in_channels + group * s.group_in + i) * plane + pixel % plane] = sum;
  }
};

/// dw[o, (i,r,t)] = sum over (n,p,q) of dy[o, (n,p,q)] x[(n,p,q), (i,r,t)]; left is dy, right is x.
struct BackwardWeightGemm : GemmTensors {
  static __host__ __device__ GemmSizes sizes(const ConvSizes& s) {
    return {s.group_out, s.group_in * s.kernel_height * s.kernel_width, s.batch * s.out_height * s.out_width};
  }
  __device__ Gradients a(int group) const {
    const int plane = s.out_height * s.out_width;
    return {left + int64_t{group} * s.group_out * plane, plane, s.out_channels};
  }
  __device__ PatchesByTap b(int group) const { return {{s, right + int64_t{group} * s.group_in * s.height * s.width}}; }
  __device__ void store(int group, int o, int tap, float sum) const {
    result[(int64_t{group} * s.group_out + o) * sizes(s).columns + tap] = sum;
  }
};

/// A block makes its tile by `Tile::multiply(a, b, rows, columns, depth, first_row, first_column, somewhere, store)`.
/// `somewhere` is any address in global memory.
template <class Tile, class Gemm>
__global__ void __launch_bounds__(GemmTile::threads, GemmTile::blocks)
    implicit_gemm(ConvSizes s, const float* __restrict__ left, const float* __restrict__ right,
                  float* __restrict__ result, const float* __restrict__ bias, ActivationLimits activation) {
  const Gemm gemm{{s, left, right, result, bias, activation}};
  const GemmSizes sizes = Gemm::sizes(s);
  const int group = blockIdx.z;
  Tile::multiply(gemm.a(group), gemm.b(group), sizes.rows, sizes.columns, sizes.depth, blockIdx.y * GemmTile::size,
                 blockIdx.x * GemmTile::size, left,
                 [&](int row, int column, float sum) { gemm.store(group, row, column, sum); });
}

inline int groups_of(const ConvSizes& s) { return s.in_channels / s.group_in; }

/// Blocks for all tiles of so many products.
inline simt::LaunchShape gemm_shape(const GemmSizes& sizes, int products) {
  return {.grid = dim3(gemm_tiles(sizes.columns), gemm_tiles(sizes.rows), static_cast<unsigned>(products)),
          .block = dim3(GemmTile::threads)};
}

template <Pass pass>
struct GemmOf;
template <>
struct GemmOf<Pass::forward> {
  using Type = ForwardGemm;
  static GemmTensors tensors(const Problem& problem, const Arguments& args) {
    const float* bias = args.weights.size() > 1 ? args.weights[1].f32() : nullptr;
    return {conv_sizes(problem),
            args.weights[0].f32(),
            args.inputs[0].f32(),
            args.output.f32(),
            bias,
            activation_limits(problem.activation)};
  }
};
template <>
struct GemmOf<Pass::backward_data> {
  using Type = BackwardDataGemm;
  static GemmTensors tensors(const Problem& problem, const Arguments& args) {
    return {conv_sizes(problem), args.weights[0].f32(), args.grad_output.f32(), args.grad_inputs[0].f32()};
  }
};
template <>
struct GemmOf<Pass::backward_weights> {
  using Type = BackwardWeightGemm;
  static GemmTensors tensors(const Problem& problem, const Arguments& args) {
    return {conv_sizes(problem), args.grad_output.f32(), args.inputs[0].f32(), args.grad_weights[0].f32()};
  }
};

/// Runs a pass as a rung does it: `Rung::run<Gemm>(tensors, workspace)`. The gradient of the bias is no product.
template <class Rung, Pass pass>
void run_gemm(const Problem& problem, const Arguments& args) {
  Rung::template run<typename GemmOf<pass>::Type>(GemmOf<pass>::tensors(problem, args), args.workspace);
  if (pass == Pass::backward_weights && args.grad_weights.size() > 1)
    backward_bias(problem.output.shape, args.grad_output.f32(), args.grad_weights[1].f32());
}

/// The rung in which each block goes through the whole depth of its tile.
template <class Tile>
struct WholeDepth {
  template <class Gemm>
  static void run(const GemmTensors& t, std::byte* /*workspace*/) {
    simt::launch(gemm_shape(Gemm::sizes(t.s), groups_of(t.s)), implicit_gemm<Tile, Gemm>, t.s, t.left, t.right,
                 t.result, t.bias, t.activation);
  }
};

/// The variant of a rung's pass.
template <class Rung, Pass pass>
Variant gemm_variant(std::string name, int priority) {
  return {.name = std::move(name),
          .device = simt::device,
          .pass = pass,
          .priority = priority,
          .fuses_activation = pass == Pass::forward,
          .layouts = in_nchw,
          .prepare = stateless(run_gemm<Rung, pass>)};
}

}  // namespace convlens
