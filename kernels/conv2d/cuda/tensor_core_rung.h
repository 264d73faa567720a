#pragma once

#include "kernels/base/cuda/activation.h"
#include "kernels/base/cuda/backward_bias.h"
#include "kernels/base/cuda/blocks.h"
#include "kernels/base/cuda/layouts.h"
#include "kernels/base/registry.h"
#include "kernels/conv2d/cuda/tensor_core_filters.h"
#include "kernels/conv2d/cuda/tensor_core_weights.h"

// The passes of a convolution with T on tensor cores, and their variant.

namespace convlens {

template <class T>
__global__ void __launch_bounds__(PixelTile::threads, PixelTile::blocks)
    tensor_core_forward(ConvSizes s, const float* __restrict__ x, const T* __restrict__ packed,
                        const float* __restrict__ bias, float* __restrict__ y, ActivationLimits activation) {
  const PackedSizes sizes{s.out_channels, s.in_channels, s.kernel_height * s.kernel_width};
  const int pixels = s.batch * s.out_height * s.out_width, warp = threadIdx.x / 32;
  WarpSums sums = {};
  multiply_pixels<T, WindowOf>(s, x, packed, sizes, pixels, sums);
  store_pairs(sums, blockIdx.x * PixelTile::rows + warp / 2 * 32, blockIdx.y * PixelTile::columns + warp % 2 * 32,
              [&](int pixel, int o, float left, float right) {
                if (pixel >= pixels || o >= s.out_channels) return;
                const float2 shift = bias ? *reinterpret_cast<const float2*>(bias + o) : make_float2(0.0F, 0.0F);
                *reinterpret_cast<float2*>(y + int64_t{pixel} * s.out_channels + o) =
                    make_float2(activation(left + shift.x), activation(right + shift.y));
              });
}

template <class T>
__global__ void __launch_bounds__(PixelTile::threads, PixelTile::blocks)
    tensor_core_backward_data(ConvSizes s, const float* __restrict__ grad_y, const T* __restrict__ packed,
                              float* __restrict__ grad_x) {
  const PackedSizes sizes{s.in_channels, s.out_channels, s.kernel_height * s.kernel_width};
  const int pixels = s.batch * s.height * s.width, warp = threadIdx.x / 32;
  WarpSums sums = {};
  multiply_pixels<T, WindowsOver>(s, grad_y, packed, sizes, pixels, sums);
  store_pairs(sums, blockIdx.x * PixelTile::rows + warp / 2 * 32, blockIdx.y * PixelTile::columns + warp % 2 * 32,
              [&](int pixel, int i, float left, float right) {
                if (pixel >= pixels || i >= s.in_channels) return;
                *reinterpret_cast<float2*>(grad_x + int64_t{pixel} * s.in_channels + i) = make_float2(left, right);
              });
}

template <class T>
class TensorCoreKernel final : public PackedFiltersKernel<T> {
 public:
  TensorCoreKernel(const Problem& problem, Pass pass)
      : PackedFiltersKernel<T>(problem, pass), activation_(activation_limits(problem.activation)) {}

  void run(const Arguments& args) override {
    const auto* packed = reinterpret_cast<const T*>(args.packed);
    if (pass_ == Pass::forward)
      simt::launch(shape(sizes_.out_height * sizes_.out_width), tensor_core_forward<T>, sizes_, args.inputs[0].f32(),
                   packed, args.weights.size() > 1 ? args.weights[1].f32() : nullptr, args.output.f32(), activation_);
    else
      simt::launch(shape(sizes_.height * sizes_.width), tensor_core_backward_data<T>, sizes_, args.grad_output.f32(),
                   packed, args.grad_inputs[0].f32());
  }

 private:
  using PackedFiltersKernel<T>::sizes_;
  using PackedFiltersKernel<T>::pass_;
  using PackedFiltersKernel<T>::packed_sizes;

  simt::LaunchShape shape(int plane) const {
    const auto blocks = [](int extent, int of_tile) { return static_cast<unsigned>((extent + of_tile - 1) / of_tile); };
    return {
        .grid = dim3(blocks(sizes_.batch * plane, PixelTile::rows), blocks(packed_sizes().columns, PixelTile::columns)),
        .block = dim3(PixelTile::threads)};
  }

  ActivationLimits activation_;
};

inline size_t tap_sums_bytes(const Problem& problem) {
  return static_cast<size_t>(pixel_parts(conv_sizes(problem))) * problem.weights[0].bytes();
}

template <class T>
void tensor_core_backward_weights(const Problem& problem, const Arguments& args) {
  const ConvSizes s = conv_sizes(problem);
  const int parts = pixel_parts(s);
  const auto tiles = [](int extent) { return static_cast<unsigned>(ceil_div(extent, TapTile::size)); };
  auto* sums = reinterpret_cast<float*>(args.workspace);
  simt::launch({.grid = dim3(tiles(s.in_channels), tiles(s.out_channels),
                             static_cast<unsigned>(s.kernel_height * s.kernel_width * parts)),
                .block = dim3(TapTile::threads)},
               tap_sums<T>, s, args.inputs[0].f32(), args.grad_output.f32(), sums, parts);
  add_tap_sums(s, sums, parts, args.grad_weights[0].f32());
  if (args.grad_weights.size() > 1)
    backward_bias_nhwc(problem.output.shape, args.grad_output.f32(), args.grad_weights[1].f32());
}

/// The variant of a pass, taken only when it is named, as T has fewer digits than f32.
template <class T>
Variant tensor_core_rung(std::string name, Pass pass, double relative_error) {
  Variant variant{.name = std::move(name),
                  .device = simt::device,
                  .pass = pass,
                  .priority = 0,
                  .fuses_activation = pass == Pass::forward,
                  .relative_error = relative_error,
                  .layouts = in_nhwc,
                  .refuses = refuses_on_tensor_cores};
  if (pass == Pass::backward_weights)
    variant.prepare = stateless(tensor_core_backward_weights<T>, tap_sums_bytes);
  else
    variant.prepare = [pass](const Problem& problem) { return std::make_unique<TensorCoreKernel<T>>(problem, pass); };
  return variant;
}

}  // namespace convlens
