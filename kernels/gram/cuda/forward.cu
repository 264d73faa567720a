#include "kernels/gram/cuda/forward.h"

#include "kernels/base/gram_matrix.h"

namespace convlens {
namespace {

__global__ void __launch_bounds__(GramStrip::threads)
    add_parts(const float* __restrict__ sums, float* __restrict__ g, int channels, int parts, float scale) {
  float* result = g + int64_t{blockIdx.y} * channels * channels;
  add_gram_parts(sums, channels, parts,
                 [&](int a, int b, float sum) { result[int64_t{a} * channels + b] = sum * scale; });
}

}  // namespace

float gram_scale(const Problem& problem) {
  return static_cast<float>(1 / gram_divisor(problem.params_as<GramParams>(), problem.inputs[0].shape));
}

void run_gram_forward(const Problem& problem, const Arguments& args, SumGramParts sum) {
  const GramSizes s = gram_sizes(problem);
  auto* sums = reinterpret_cast<float*>(args.workspace);
  sum(s, args.inputs[0].f32(), sums);
  simt::launch(gram_strips(s), add_parts, sums, args.output.f32(), s.channels, gram_parts(s), gram_scale(problem));
}

}  // namespace convlens
