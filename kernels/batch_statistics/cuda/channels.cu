// A block a channel, in one pass over the batch (Welford); backward once more, and then the gradient.

#include "kernels/base/cuda/batch_channel.h"
#include "kernels/base/cuda/layouts.h"
#include "kernels/base/registry.h"
#include "kernels/batch_statistics/batch_statistics.h"

namespace convlens {
namespace {

__global__ void __launch_bounds__(element_threads)
    forward(BatchChannel channel, const float* __restrict__ x, float* __restrict__ mean, float* __restrict__ variance) {
  const float origin = x[channel.first(0)];
  const Moments all = channel.moments(x);
  if (threadIdx.x > 0) return;
  mean[blockIdx.x] = origin + all.mean;
  variance[blockIdx.x] = all.squares / (all.count - 1.0F);
}

__global__ void __launch_bounds__(element_threads)
    backward_data(BatchChannel channel, const float* __restrict__ x, const float* __restrict__ grad_mean,
                  const float* __restrict__ grad_variance, float* __restrict__ grad_x) {
  const float origin = x[channel.first(0)];
  const Moments all = channel.moments(x);
  const float scale = 2.0F * grad_variance[blockIdx.x] / (all.count - 1.0F), shift = grad_mean[blockIdx.x] / all.count;
  channel.for_each([&](int64_t i) { grad_x[i] = scale * (x[i] - origin - all.mean) + shift; });
}

void run_forward(const Problem& problem, const Arguments& args) {
  const BatchChannel channel(problem.inputs[0].shape);
  float* y = args.output.f32();
  simt::launch(channel.blocks(), forward, channel, args.inputs[0].f32(), y, y + channel.channels);
}

void run_backward_data(const Problem& problem, const Arguments& args) {
  const BatchChannel channel(problem.inputs[0].shape);
  const float* grad_y = args.grad_output.f32();
  simt::launch(channel.blocks(), backward_data, channel, args.inputs[0].f32(), grad_y, grad_y + channel.channels,
               args.grad_inputs[0].f32());
}

Variant variant(Pass pass, RunFunction run) {
  return {.name = "channels", .device = simt::device, .pass = pass, .layouts = in_nchw, .prepare = stateless(run)};
}

const RegisterVariant registered_forward("batch_statistics", variant(Pass::forward, run_forward));
const RegisterVariant registered_backward_data("batch_statistics", variant(Pass::backward_data, run_backward_data));

}  // namespace
}  // namespace convlens
