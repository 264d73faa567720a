// Forward and backward_data: a thread an element, one pass over memory; scale and shift of its channel come from the
// caches. backward_weights: a block a channel adds up dL/dy and (x - mean) dL/dy in one pass, from which all four
// gradients follow.

#include "kernels/base/cuda/block_sum.h"
#include "kernels/base/cuda/blocks.h"
#include "kernels/base/cuda/layouts.h"
#include "kernels/base/registry.h"
#include "kernels/batch_norm/batch_norm.h"

namespace convlens {
namespace {

struct Weights {
  const float *weight, *bias, *mean, *variance;
  float eps;
  __device__ float inverse_std(int c) const { return 1.0F / sqrtf(variance[c] + eps); }
};

struct Sizes {
  explicit Sizes(const Shape& shape)
      : batch(static_cast<int>(shape.n())),
        channels(static_cast<int>(shape.c())),
        plane(static_cast<int>(shape.h() * shape.w())),
        elements(shape.elements()) {}
  int batch, channels, plane;
  int64_t elements;
  __device__ int channel(int64_t i) const { return static_cast<int>(i / plane % channels); }
};

__global__ void __launch_bounds__(element_threads) forward(Sizes s, Weights w, const float* x, float* y) {
  const int64_t i = element_index();
  if (i >= s.elements) return;
  const int c = s.channel(i);
  y[i] = w.weight[c] * w.inverse_std(c) * (x[i] - w.mean[c]) + w.bias[c];
}

__global__ void __launch_bounds__(element_threads)
    backward_data(Sizes s, Weights w, const float* grad_y, float* grad_x) {
  const int64_t i = element_index();
  if (i >= s.elements) return;
  const int c = s.channel(i);
  grad_x[i] = w.weight[c] * w.inverse_std(c) * grad_y[i];
}

struct Gradients {
  float *weight, *bias, *mean, *variance;
};

__global__ void __launch_bounds__(element_threads)
    backward_weights(Sizes s, Weights w, const float* __restrict__ x, const float* __restrict__ grad_y,
                     Gradients gradients) {
  const int c = blockIdx.x;
  float sum = 0.0F, centered = 0.0F;
  for (int n = 0; n < s.batch; ++n) {
    const int64_t first = (int64_t{n} * s.channels + c) * s.plane;
    for (int i = threadIdx.x; i < s.plane; i += element_threads) {
      const float g = grad_y[first + i];
      sum += g;
      centered += g * (x[first + i] - w.mean[c]);
    }
  }
  sum = block_sum<element_threads / 32>(sum);
  centered = block_sum<element_threads / 32>(centered);
  if (threadIdx.x > 0) return;
  const float inverse_std = w.inverse_std(c);
  gradients.weight[c] = inverse_std * centered;
  gradients.bias[c] = sum;
  gradients.mean[c] = -w.weight[c] * inverse_std * sum;
  gradients.variance[c] = -0.5F * w.weight[c] * inverse_std * inverse_std * inverse_std * centered;
}

Weights weights_of(const Problem& problem, const Arguments& args) {
  return {args.weights[bn_weight].f32(), args.weights[bn_bias].f32(), args.weights[bn_running_mean].f32(),
          args.weights[bn_running_var].f32(), static_cast<float>(problem.params_as<BatchNormParams>().eps)};
}

void run_forward(const Problem& problem, const Arguments& args) {
  const Sizes s(problem.output.shape);
  simt::launch(one_thread_each(s.elements), forward, s, weights_of(problem, args), args.inputs[0].f32(),
               args.output.f32());
}

void run_backward_data(const Problem& problem, const Arguments& args) {
  const Sizes s(problem.output.shape);
  simt::launch(one_thread_each(s.elements), backward_data, s, weights_of(problem, args), args.grad_output.f32(),
               args.grad_inputs[0].f32());
}

void run_backward_weights(const Problem& problem, const Arguments& args) {
  const Sizes s(problem.output.shape);
  const auto gradient = [&](BatchNormWeight which) { return args.grad_weights[which].f32(); };
  simt::launch({.grid = dim3(static_cast<unsigned>(s.channels)), .block = dim3(element_threads)}, backward_weights, s,
               weights_of(problem, args), args.inputs[0].f32(), args.grad_output.f32(),
               Gradients{gradient(bn_weight), gradient(bn_bias), gradient(bn_running_mean), gradient(bn_running_var)});
}

Variant variant(Pass pass, RunFunction run) {
  return {.name = "channels", .device = simt::device, .pass = pass, .layouts = in_nchw, .prepare = stateless(run)};
}

const RegisterVariant registered_forward("batch_norm", variant(Pass::forward, run_forward));
const RegisterVariant registered_backward_data("batch_norm", variant(Pass::backward_data, run_backward_data));
const RegisterVariant registered_backward_weights("batch_norm", variant(Pass::backward_weights, run_backward_weights));

}  // namespace
}  // namespace convlens
