// A block a channel. Mean and variance in one pass over the batch (Welford), a second pass normalizes. Backward
// likewise: one pass for two sums, one for the gradient.

#include "kernels/base/cuda/batch_channel.h"
#include "kernels/base/cuda/layouts.h"
#include "kernels/base/registry.h"
#include "kernels/batch_norm_train/batch_norm_train.h"

namespace convlens {
namespace {

// `saved` is null where nobody asks for it.
__global__ void __launch_bounds__(element_threads)
    forward(BatchChannel channel, const float* __restrict__ x, const float* __restrict__ weight,
            const float* __restrict__ bias, float* __restrict__ y, InstanceStatistics* __restrict__ saved, float eps) {
  const int c = blockIdx.x;
  const float origin = x[channel.first(0)];
  const Moments all = channel.moments(x);
  const float inverse_std = 1.0F / sqrtf(all.squares / all.count + eps);
  if (saved && threadIdx.x == 0) saved[c] = {static_cast<double>(origin) + all.mean, inverse_std};
  const float scale = weight[c] * inverse_std, shift = bias[c];
  channel.for_each([&](int64_t i) { y[i] = scale * (x[i] - origin - all.mean) + shift; });
}

__device__ GradientSums gradient_sums(const BatchChannel& channel, const float* x, const float* grad_y,
                                      const Normalized& normalized) {
  GradientSums own;
  for (int n = 0; n < channel.batch; ++n)
    own.add(x + channel.first(n), grad_y + channel.first(n), channel.plane, normalized);
  return own.of_block();
}

__global__ void __launch_bounds__(element_threads)
    backward_data(BatchChannel channel, const float* __restrict__ x, const float* __restrict__ grad_y,
                  const float* __restrict__ weight, const InstanceStatistics* __restrict__ saved,
                  float* __restrict__ grad_x) {
  const int c = blockIdx.x;
  const Normalized normalized(saved[c], x[channel.first(0)]);
  const GradientSums sums = gradient_sums(channel, x, grad_y, normalized);
  const float mean = sums.shift / channel.count(), mean_product = sums.scale / channel.count();
  const float scale = weight[c] * normalized.inverse_std;
  channel.for_each([&](int64_t i) { grad_x[i] = scale * (grad_y[i] - mean - normalized(x[i]) * mean_product); });
}

__global__ void __launch_bounds__(element_threads)
    backward_weights(BatchChannel channel, const float* __restrict__ x, const float* __restrict__ grad_y,
                     const InstanceStatistics* __restrict__ saved, float* __restrict__ grad_weight,
                     float* __restrict__ grad_bias) {
  const int c = blockIdx.x;
  const GradientSums sums = gradient_sums(channel, x, grad_y, Normalized(saved[c], x[channel.first(0)]));
  if (threadIdx.x > 0) return;
  grad_weight[c] = sums.scale;
  grad_bias[c] = sums.shift;
}

void run_forward(const Problem& problem, const Arguments& args) {
  const BatchChannel channel(problem.output.shape);
  simt::launch(channel.blocks(), forward, channel, args.inputs[0].f32(), args.weights[0].f32(), args.weights[1].f32(),
               args.output.f32(), reinterpret_cast<InstanceStatistics*>(args.saved),
               static_cast<float>(problem.params_as<BatchNormTrainParams>().eps));
}

void run_backward_data(const Problem& problem, const Arguments& args) {
  const BatchChannel channel(problem.output.shape);
  simt::launch(channel.blocks(), backward_data, channel, args.inputs[0].f32(), args.grad_output.f32(),
               args.weights[0].f32(), reinterpret_cast<const InstanceStatistics*>(args.saved),
               args.grad_inputs[0].f32());
}

void run_backward_weights(const Problem& problem, const Arguments& args) {
  const BatchChannel channel(problem.output.shape);
  simt::launch(channel.blocks(), backward_weights, channel, args.inputs[0].f32(), args.grad_output.f32(),
               reinterpret_cast<const InstanceStatistics*>(args.saved), args.grad_weights[0].f32(),
               args.grad_weights[1].f32());
}

Variant variant(Pass pass, RunFunction run) {
  return {.name = "channels", .device = simt::device, .pass = pass, .layouts = in_nchw, .prepare = stateless(run)};
}

const RegisterVariant registered_forward("batch_norm_train", variant(Pass::forward, run_forward));
const RegisterVariant registered_backward_data("batch_norm_train", variant(Pass::backward_data, run_backward_data));
const RegisterVariant registered_backward_weights("batch_norm_train",
                                                  variant(Pass::backward_weights, run_backward_weights));

}  // namespace
}  // namespace convlens
