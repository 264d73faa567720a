// Up to sixteen channels of one image at a time, in every layout: sums in double.

#include <algorithm>

#include "kernels/base/cpu/batch_sums.h"
#include "kernels/base/registry.h"
#include "kernels/batch_statistics/batch_statistics.h"

namespace convlens {
namespace {

size_t workspace(const Problem& problem) { return BatchSums::workspace(problem.inputs[0]); }

double count_of(const Problem& problem) {
  const Shape& shape = problem.inputs[0].shape;
  return static_cast<double>(shape.n() * shape.h() * shape.w());
}

void forward(const Problem& problem, const Arguments& args) {
  const float* x = args.inputs[0].f32();
  const BatchSums sums(problem.inputs[0], x, x, args.workspace);
  const double count = count_of(problem);
  const ChannelStrips strips(problem.inputs[0]);
  for (int64_t k = 0; k < sums.strips(); ++k)
    for (int64_t i = 0; i < strips[k].channels; ++i) {
      const double mean = sums[k].g[i] / count, squares = std::max(sums[k].gx[i] - mean * sums[k].g[i], 0.0);
      float* y = args.output.f32() + strips[k].channel + i;
      y[0] = static_cast<float>(mean);
      y[problem.output.shape.c()] = static_cast<float>(squares / (count - 1));
    }
}

void backward_data(const Problem& problem, const Arguments& args) {
  const float *x = args.inputs[0].f32(), *grad_mean = args.grad_output.f32();
  const float* grad_variance = grad_mean + problem.output.shape.c();
  const BatchSums sums(problem.inputs[0], x, x, args.workspace);
  const double count = count_of(problem);
  const ChannelStrips strips(problem.inputs[0]);
  parallel_for(strips.count(), [&](int64_t k) {
    const ChannelStrip strip = strips[k];
    StripAffine affine;
    for (int64_t i = 0; i < strip.channels; ++i) {
      const int64_t c = strip.channel + i;
      affine.set(i, 2 * grad_variance[c] / (count - 1), sums[k].g[i] / count, grad_mean[c] / count);
    }
    apply_to_strip(strip, affine, x, args.grad_inputs[0].f32());
  });
}

IoLayout layouts(const Problem& problem) { return {problem.inputs[0].layout, Layout::nchw}; }

Variant variant(Pass pass, RunFunction run) {
  return {
      .name = "strips", .device = Device::cpu, .pass = pass, .layouts = layouts, .prepare = stateless(run, workspace)};
}

const RegisterVariant registered_forward("batch_statistics", variant(Pass::forward, forward));
const RegisterVariant registered_backward_data("batch_statistics", variant(Pass::backward_data, backward_data));

}  // namespace
}  // namespace convlens
