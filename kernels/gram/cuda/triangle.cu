// G = F F^T / divisor: only the tiles on and below the diagonal are computed, and stored at both of their places, so
// half of the multiplications of a plain product are made. F goes through shared memory in slices; the pixels are cut
// into parts, for blocks enough and short sums (base/cuda/gram_tile.h).
//
// dF = (dG + dG^T) F / divisor: the sum of the two is formed as a slice of it is loaded, and is never written down.

#include "kernels/base/registry.h"
#include "kernels/gram/cuda/forward.h"

namespace convlens {
namespace {

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

void run_backward_data(const Problem& problem, const Arguments& args) {
  const GramSizes s = gram_sizes(problem);
  simt::launch({.grid = dim3(gemm_tiles(s.pixels), gemm_tiles(s.channels), s.batch), .block = dim3(GemmTile::threads)},
               backward_data, args.inputs[0].f32(), args.grad_output.f32(), args.grad_inputs[0].f32(), s.channels,
               s.pixels, gram_scale(problem));
}

const RegisterVariant registered_forward("gram", gram_forward<sum_gram_parts>("triangle"));
const RegisterVariant registered_backward_data("gram", {.name = "triangle",
                                                        .device = simt::device,
                                                        .pass = Pass::backward_data,
                                                        .layouts = in_nchw,
                                                        .prepare = stateless(run_backward_data)});

}  // namespace
}  // namespace convlens
