// 04_async_copy for 1 x 1 windows of stride 1, which are plain products of matrices: no index is taken apart to find
// an element, and both operands lie with four rows side by side (filters are turned once), so that a slice takes 256
// copies of 16 bytes where 04 sends 1024 of 4 (gemm_tile_vector.h). Images are products of their own.

#include "kernels/base/cuda/activation.h"
#include "kernels/base/registry.h"
#include "kernels/conv2d/cuda/sizes.h"
#include "kernels/conv2d/cuda/turned_filters.h"

namespace convlens {
namespace {

// y[o, pixel] = sum over i of w[o, i] x[i, pixel]; filters are packed as [i][o].
__global__ void __launch_bounds__(GemmTile::threads, GemmTile::blocks)
    forward(int in_channels, int out_channels, int plane, const float* __restrict__ x, const float* __restrict__ packed,
            const float* __restrict__ bias, float* __restrict__ y, ActivationLimits activation) {
  const int64_t image = blockIdx.z;
  float* result = y + image * out_channels * plane;
  gemm_tile_vector_to({packed, quad_pitch(out_channels)}, {x + image * in_channels * plane, plane}, out_channels, plane,
                      in_channels, blockIdx.y * GemmTile::size, blockIdx.x * GemmTile::size,
                      [&](int o, int pixel, float sum) {
                        result[int64_t{o} * plane + pixel] = activation(sum + (bias ? bias[o] : 0.0F));
                      });
}

// dx[i, pixel] = sum over o of w[o, i] dy[o, pixel]; filters are packed as [o][i].
__global__ void __launch_bounds__(GemmTile::threads, GemmTile::blocks)
    backward_data(int in_channels, int out_channels, int plane, const float* __restrict__ grad_y,
                  const float* __restrict__ packed, float* __restrict__ grad_x) {
  const int64_t image = blockIdx.z;
  float* result = grad_x + image * in_channels * plane;
  gemm_tile_vector_to({packed, quad_pitch(in_channels)}, {grad_y + image * out_channels * plane, plane}, in_channels,
                      plane, out_channels, blockIdx.y * GemmTile::size, blockIdx.x * GemmTile::size,
                      [&](int i, int pixel, float sum) { result[int64_t{i} * plane + pixel] = sum; });
}

simt::LaunchShape shape_of(const ConvSizes& s, int rows) {
  return {.grid = dim3(gemm_tiles(s.height * s.width), gemm_tiles(rows), static_cast<unsigned>(s.batch)),
          .block = dim3(GemmTile::threads)};
}

class Forward final : public Kernel {
 public:
  explicit Forward(const Problem& problem)
      : s_(conv_sizes(problem)),
        filters_{s_.out_channels, s_.in_channels, s_.in_channels, 1},
        activation_(activation_limits(problem.activation)) {}
  size_t packed_bytes() const override { return filters_.bytes(); }
  void pack(std::span<const TensorView> weights, std::byte* packed) override {
    convlens::pack(filters_, weights[0].f32(), reinterpret_cast<float*>(packed));
  }
  void run(const Arguments& args) override {
    simt::launch(shape_of(s_, s_.out_channels), forward, s_.in_channels, s_.out_channels, s_.height * s_.width,
                 args.inputs[0].f32(), reinterpret_cast<const float*>(args.packed),
                 args.weights.size() > 1 ? args.weights[1].f32() : nullptr, args.output.f32(), activation_);
  }

 private:
  ConvSizes s_;
  TurnedFilters filters_;
  ActivationLimits activation_;
};

class BackwardData final : public Kernel {
 public:
  explicit BackwardData(const Problem& problem)
      : s_(conv_sizes(problem)), filters_{s_.in_channels, s_.out_channels, 1, s_.in_channels} {}
  size_t packed_bytes() const override { return filters_.bytes(); }
  void pack(std::span<const TensorView> weights, std::byte* packed) override {
    convlens::pack(filters_, weights[0].f32(), reinterpret_cast<float*>(packed));
  }
  void run(const Arguments& args) override {
    simt::launch(shape_of(s_, s_.in_channels), backward_data, s_.in_channels, s_.out_channels, s_.height * s_.width,
                 args.grad_output.f32(), reinterpret_cast<const float*>(args.packed), args.grad_inputs[0].f32());
  }

 private:
  ConvSizes s_;
  TurnedFilters filters_;
};

std::optional<std::string> refuses(const Problem& problem) {
  const ConvSizes s = conv_sizes(problem);
  if (s.kernel_height != 1 || s.kernel_width != 1 || s.stride_y != 1 || s.stride_x != 1)
    return "needs 1 x 1 windows of stride 1";
  if (s.group_in != s.in_channels) return "needs one group";
  if (s.out_height != s.height || s.out_width != s.width) return "needs no padding";
  if (s.height * s.width % 4 != 0) return "needs planes in multiples of 4 pixels, which it copies together";
  return std::nullopt;
}

template <class Made>
Variant variant(Pass pass) {
  return {.name = "12_pointwise",
          .device = simt::device,
          .pass = pass,
          .priority = 7,
          .fuses_activation = pass == Pass::forward,
          .layouts = in_nchw,
          .refuses = refuses,
          .prepare = [](const Problem& problem) { return std::make_unique<Made>(problem); }};
}

const RegisterVariant registered_forward("conv2d", variant<Forward>(Pass::forward));
const RegisterVariant registered_backward_data("conv2d", variant<BackwardData>(Pass::backward_data));

}  // namespace
}  // namespace convlens
