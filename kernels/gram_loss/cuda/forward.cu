#include "kernels/gram_loss/cuda/forward.h"

#include "kernels/base/cuda/block_sum.h"
#include "kernels/base/cuda/image_sums.h"

namespace convlens {
namespace {

// `saved` is null if no backward pass follows.
__global__ void __launch_bounds__(GramStrip::threads)
    meet_target(const float* __restrict__ sums, const float* __restrict__ target, float* __restrict__ saved,
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

}  // namespace

// The strips' losses lie behind the sums of the parts.
size_t gram_loss_workspace(const Problem& problem) {
  const GramSizes s = gram_loss_sizes(problem);
  return gram_parts_bytes(s) + sizeof(float) * s.batch * gram_strips(s).grid.x;
}

void run_gram_loss_forward(const Problem& problem, const Arguments& args, SumGramParts sum) {
  const GramSizes s = gram_loss_sizes(problem);
  const auto& p = problem.params_as<GramLossParams>();
  auto* sums = reinterpret_cast<float*>(args.workspace);
  auto* losses = reinterpret_cast<float*>(args.workspace + gram_parts_bytes(s));
  sum(s, args.inputs[0].f32(), sums);
  simt::launch(gram_strips(s), meet_target, sums, args.weights[0].f32(), reinterpret_cast<float*>(args.saved), losses,
               s.channels, gram_parts(s), static_cast<float>(1 / gram_divisor(p, problem.inputs[0].shape)));
  sum_parts(losses, args.output.f32(), s.batch, gram_strips(s).grid.x, static_cast<float>(p.weight));
}

}  // namespace convlens
