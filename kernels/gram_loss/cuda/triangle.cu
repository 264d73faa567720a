// Forward, the tiles of G on and below the diagonal, in parts of the pixels (base/cuda/gram_tile.h). As the parts are
// added up, the sum meets the target: its share of the loss is summed in registers, and what goes to memory is
// S = G - (A + A^T) / 2 for the backward pass, never G. F is read once a row of tiles; a last launch adds up the
// shares.
//
// Backward, dF = 4 weight dL/dy / d * S F as one product, added to the gradient that is there where that is asked for.

#include "kernels/base/cuda/block_sum.h"
#include "kernels/base/cuda/gram_tile.h"
#include "kernels/base/cuda/image_sums.h"
#include "kernels/base/cuda/layouts.h"
#include "kernels/base/cuda/put.h"
#include "kernels/base/registry.h"
#include "kernels/gram_loss/gram_loss.h"

namespace convlens {
namespace {

// `saved` is null if no backward pass follows.
__global__ void __launch_bounds__(GramStrip::threads)
    forward(const float* __restrict__ sums, const float* __restrict__ target, float* __restrict__ saved,
            float* __restrict__ losses, int channels, int parts, float scale) {
  float* s = saved ? saved + int64_t{blockIdx.y} * channels * channels : nullptr;
  float loss = 0.0F;
  add_gram_parts(sums, channels, parts, [&](int a, int b, float sum) {
    const int64_t i = int64_t{a} * channels + b;
    const float to_target = sum * scale - target[i];
    loss += to_target * to_target;
    if (s) s[i] = 0.5F * (to_target + sum * scale - target[int64_t{b} * channels + a]);
  });
  loss = block_sum<GramStrip::threads / 32>(loss);
  if (threadIdx.x == 0) losses[int64_t{blockIdx.y} * gridDim.x + blockIdx.x] = loss;
}

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

GramSizes sizes_of(const Problem& problem) { return GramSizes(problem.inputs[0].shape); }

// The strips' losses lie behind the sums of the parts.
size_t workspace(const Problem& problem) {
  const GramSizes s = sizes_of(problem);
  return gram_parts_bytes(s) + sizeof(float) * s.batch * gram_strips(s).grid.x;
}

void run_forward(const Problem& problem, const Arguments& args) {
  const GramSizes s = sizes_of(problem);
  const auto& p = problem.params_as<GramLossParams>();
  auto* sums = reinterpret_cast<float*>(args.workspace);
  auto* losses = reinterpret_cast<float*>(args.workspace + gram_parts_bytes(s));
  sum_gram_parts(s, args.inputs[0].f32(), sums);
  simt::launch(gram_strips(s), forward, sums, args.weights[0].f32(), reinterpret_cast<float*>(args.saved), losses,
               s.channels, gram_parts(s), static_cast<float>(1 / gram_divisor(p, problem.inputs[0].shape)));
  sum_parts(losses, args.output.f32(), s.batch, gram_strips(s).grid.x, static_cast<float>(p.weight));
}

void run_backward_data(const Problem& problem, const Arguments& args) {
  const GramSizes s = sizes_of(problem);
  simt::launch({.grid = dim3(gemm_tiles(s.pixels), gemm_tiles(s.channels), s.batch), .block = dim3(GemmTile::threads)},
               backward_data, args.inputs[0].f32(), reinterpret_cast<const float*>(args.saved), args.grad_output.f32(),
               args.grad_inputs[0].f32(), s.channels, s.pixels, static_cast<float>(4 * gram_loss_factor(problem)),
               args.accumulate);
}

const RegisterVariant registered_forward("gram_loss", {.name = "triangle",
                                                       .device = simt::device,
                                                       .pass = Pass::forward,
                                                       .layouts = in_nchw,
                                                       .prepare = stateless(run_forward, workspace)});
const RegisterVariant registered_backward_data("gram_loss", {.name = "triangle",
                                                             .device = simt::device,
                                                             .pass = Pass::backward_data,
                                                             .accumulates = true,
                                                             .layouts = in_nchw,
                                                             .prepare = stateless(run_backward_data)});

}  // namespace
}  // namespace convlens
