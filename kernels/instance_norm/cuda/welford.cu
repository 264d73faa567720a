// A block a channel of an image. Mean and variance in one pass over memory (Welford), a second pass normalizes.
// Backward likewise: one pass for two sums, one for the gradient. kernels/base/cuda/instance_norm.h has both.

#include "kernels/base/cuda/instance_norm.h"
#include "kernels/base/cuda/layouts.h"
#include "kernels/base/registry.h"
#include "kernels/instance_norm/instance_norm.h"

namespace convlens {
namespace {

struct Sizes {
  int batch, channels, pixels;
};

// `weight` and `bias` are null where the operator has none, `saved` where nobody asks for it.
__global__ void __launch_bounds__(element_threads)
    forward(Sizes s, const float* __restrict__ x, const float* __restrict__ weight, const float* __restrict__ bias,
            float* __restrict__ y, InstanceStatistics* __restrict__ saved, float eps) {
  const int c = blockIdx.x % s.channels;
  const int64_t first = int64_t{blockIdx.x} * s.pixels;
  instance_norm(x + first, s.pixels, eps, weight ? weight[c] : 1.0F, bias ? bias[c] : 0.0F, y + first,
                saved ? saved + blockIdx.x : nullptr);
}

__global__ void __launch_bounds__(element_threads)
    backward_data(Sizes s, const float* __restrict__ x, const float* __restrict__ grad_y,
                  const float* __restrict__ weight, const InstanceStatistics* __restrict__ saved,
                  float* __restrict__ grad_x) {
  const int c = blockIdx.x % s.channels;
  const int64_t first = int64_t{blockIdx.x} * s.pixels;
  instance_norm_backward(x + first, grad_y + first, s.pixels, saved[blockIdx.x], weight ? weight[c] : 1.0F,
                         grad_x + first);
}

// A block a channel.
__global__ void __launch_bounds__(element_threads)
    backward_weights(Sizes s, const float* __restrict__ x, const float* __restrict__ grad_y,
                     const InstanceStatistics* __restrict__ saved, float* __restrict__ grad_weight,
                     float* __restrict__ grad_bias) {
  const int c = blockIdx.x;
  GradientSums own;
  for (int n = 0; n < s.batch; ++n) {
    const int image_channel = n * s.channels + c;
    const int64_t first = int64_t{image_channel} * s.pixels;
    own.add(x + first, grad_y + first, s.pixels, Normalized(saved[image_channel], x[first]));
  }
  const GradientSums sums = own.of_block();
  if (threadIdx.x > 0) return;
  grad_weight[c] = sums.scale;
  grad_bias[c] = sums.shift;
}

Sizes sizes_of(const Problem& problem) {
  const Shape& shape = problem.output.shape;
  return {static_cast<int>(shape.n()), static_cast<int>(shape.c()), static_cast<int>(shape.h() * shape.w())};
}

simt::LaunchShape blocks(int count) {
  return {.grid = dim3(static_cast<unsigned>(count)), .block = dim3(element_threads)};
}

const float* weight_of(const Arguments& args, size_t which) {
  return args.weights.empty() ? nullptr : args.weights[which].f32();
}

void run_forward(const Problem& problem, const Arguments& args) {
  const Sizes s = sizes_of(problem);
  simt::launch(blocks(s.batch * s.channels), forward, s, args.inputs[0].f32(), weight_of(args, 0), weight_of(args, 1),
               args.output.f32(), reinterpret_cast<InstanceStatistics*>(args.saved),
               static_cast<float>(problem.params_as<InstanceNormParams>().eps));
}

void run_backward_data(const Problem& problem, const Arguments& args) {
  const Sizes s = sizes_of(problem);
  simt::launch(blocks(s.batch * s.channels), backward_data, s, args.inputs[0].f32(), args.grad_output.f32(),
               weight_of(args, 0), reinterpret_cast<const InstanceStatistics*>(args.saved), args.grad_inputs[0].f32());
}

void run_backward_weights(const Problem& problem, const Arguments& args) {
  if (args.grad_weights.empty()) return;
  const Sizes s = sizes_of(problem);
  simt::launch(blocks(s.channels), backward_weights, s, args.inputs[0].f32(), args.grad_output.f32(),
               reinterpret_cast<const InstanceStatistics*>(args.saved), args.grad_weights[0].f32(),
               args.grad_weights[1].f32());
}

Variant variant(Pass pass, RunFunction run) {
  return {.name = "welford", .device = simt::device, .pass = pass, .layouts = in_nchw, .prepare = stateless(run)};
}

const RegisterVariant registered_forward("instance_norm", variant(Pass::forward, run_forward));
const RegisterVariant registered_backward_data("instance_norm", variant(Pass::backward_data, run_backward_data));
const RegisterVariant registered_backward_weights("instance_norm",
                                                  variant(Pass::backward_weights, run_backward_weights));

}  // namespace
}  // namespace convlens
