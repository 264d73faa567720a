// Forward, the tiles of G on and below the diagonal, in parts of the pixels (base/cuda/gram_tile.h). As the parts are
// added up, the sum meets the target: its share of the loss is summed in registers, and what goes to memory is
// S = G - (A + A^T) / 2 for the backward pass, never G. F is read once a row of tiles; a last launch adds up the
// shares.
//
// Backward, dF = 4 weight dL/dy / d * S F as one product, added to the gradient that is there where that is asked for.

#include "kernels/base/cuda/put.h"
#include "kernels/base/registry.h"
#include "kernels/gram_loss/cuda/forward.h"

namespace convlens {
namespace {

struct Difference {
  static constexpr bool contiguous_in_k = true;
  const float* s;
  int channels;
  __device__ const float* address(int a, int b) const { return s + int64_t{a} * channels + b; }
};

__global__ void __launch_bounds__(GemmTile::threads, GemmTile::blocks)
    backward_data(const float* __restrict__ f, const float* __restrict__ s, const float* __restrict__ grad_y,
                  float* __restrict__ grad_f, int channels, int pixels, float factor, bool accumulate) {
  const int64_t n = blockIdx.z;
  const Difference difference{s + n * channels * channels, channels};
  const GramFeaturesByPixel features{{f + n * channels * pixels, pixels}};
  float* result = grad_f + n * channels * pixels;
  const float scale = factor * grad_y[n];
  gemm_tile_to(difference, features, channels, pixels, channels, blockIdx.y * GemmTile::size,
               blockIdx.x * GemmTile::size, [&](int channel, int pixel, float sum) {
                 put(result + int64_t{channel} * pixels + pixel, sum * scale, accumulate);
               });
}

void run_backward_data(const Problem& problem, const Arguments& args) {
  const GramSizes s = gram_loss_sizes(problem);
  simt::launch({.grid = dim3(gemm_tiles(s.pixels), gemm_tiles(s.channels), s.batch), .block = dim3(GemmTile::threads)},
               backward_data, args.inputs[0].f32(), reinterpret_cast<const float*>(args.saved), args.grad_output.f32(),
               args.grad_inputs[0].f32(), s.channels, s.pixels, static_cast<float>(4 * gram_loss_factor(problem)),
               args.accumulate);
}

const RegisterVariant registered_forward("gram_loss", gram_loss_forward<sum_gram_parts>("triangle"));
const RegisterVariant registered_backward_data("gram_loss", {.name = "triangle",
                                                             .device = simt::device,
                                                             .pass = Pass::backward_data,
                                                             .accumulates = true,
                                                             .layouts = in_nchw,
                                                             .prepare = stateless(run_backward_data)});

}  // namespace
}  // namespace convlens
