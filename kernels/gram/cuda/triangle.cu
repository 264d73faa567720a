// G = F F^T / divisor: only the tiles on and below the diagonal are computed, and stored at both of their places, so
// half of the multiplications of a plain product are made. F goes through shared memory in slices.
//
// dF = (dG + dG^T) F / divisor: the sum of the two is formed as a slice of it is loaded, and is never written down.

#include "kernels/base/cuda/gram_tile.h"
#include "kernels/base/cuda/layouts.h"
#include "kernels/base/gram_matrix.h"
#include "kernels/base/registry.h"

namespace convlens {
namespace {

__global__ void __launch_bounds__(GemmTile::threads, GemmTile::blocks)
    forward(const float* __restrict__ f, float* __restrict__ g, int channels, int pixels, float scale) {
  const int64_t n = blockIdx.y;
  float* result = g + n * channels * channels;
  triangle_tile_to(GramFeatures{f + n * channels * pixels, pixels}, channels,
                   [&](int a, int b, float sum) { result[int64_t{a} * channels + b] = sum * scale; });
}

struct BothGradients {
  static constexpr bool contiguous_in_k = true;
  const float* grad_g;
  int channels;
  __device__ float value(int a, int b) const {
    return grad_g[int64_t{a} * channels + b] + grad_g[int64_t{b} * channels + a];
  }
};

__global__ void __launch_bounds__(GemmTile::threads, GemmTile::blocks)
    backward_data(const float* __restrict__ f, const float* __restrict__ grad_g, float* __restrict__ grad_f,
                  int channels, int pixels, float scale) {
  const int64_t n = blockIdx.z;
  const BothGradients gradients{grad_g + n * channels * channels, channels};
  const GramFeaturesByPixel features{{f + n * channels * pixels, pixels}};
  float* result = grad_f + n * channels * pixels;
  gemm_tile_to(gradients, features, channels, pixels, channels, blockIdx.y * GemmTile::size,
               blockIdx.x * GemmTile::size,
               [&](int channel, int pixel, float sum) { result[int64_t{channel} * pixels + pixel] = sum * scale; });
}

struct Sizes {
  explicit Sizes(const Problem& problem) {
    const Shape& shape = problem.inputs[0].shape;
    batch = static_cast<unsigned>(shape.n());
    channels = static_cast<int>(shape.c());
    pixels = static_cast<int>(shape.h() * shape.w());
    scale = static_cast<float>(1 / gram_divisor(problem.params_as<GramParams>(), shape));
  }
  unsigned batch;
  int channels, pixels;
  float scale;
};

void run_forward(const Problem& problem, const Arguments& args) {
  const Sizes s(problem);
  simt::launch({.grid = dim3(triangle_tiles(s.channels), s.batch), .block = dim3(GemmTile::threads)}, forward,
               args.inputs[0].f32(), args.output.f32(), s.channels, s.pixels, s.scale);
}

void run_backward_data(const Problem& problem, const Arguments& args) {
  const Sizes s(problem);
  simt::launch({.grid = dim3(gemm_tiles(s.pixels), gemm_tiles(s.channels), s.batch), .block = dim3(GemmTile::threads)},
               backward_data, args.inputs[0].f32(), args.grad_output.f32(), args.grad_inputs[0].f32(), s.channels,
               s.pixels, s.scale);
}

Variant variant(Pass pass, RunFunction run) {
  return {.name = "triangle", .device = simt::device, .pass = pass, .layouts = in_nchw, .prepare = stateless(run)};
}

const RegisterVariant registered_forward("gram", variant(Pass::forward, run_forward));
const RegisterVariant registered_backward_data("gram", variant(Pass::backward_data, run_backward_data));

}  // namespace
}  // namespace convlens
