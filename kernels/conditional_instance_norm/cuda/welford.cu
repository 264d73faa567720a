// A block a channel of an image, as in instance_norm (kernels/base/cuda/instance_norm.h); its threads first mix gamma
// and beta from the styles. The gradients of shares and weights come from those of gamma and beta, N x C each, which
// are computed once, by two small products.

#include "kernels/base/cuda/instance_norm.h"
#include "kernels/base/cuda/layouts.h"
#include "kernels/base/registry.h"
#include "kernels/conditional_instance_norm/conditional_instance_norm.h"

namespace convlens {
namespace {

constexpr int warps = element_threads / 32;

struct Sizes {
  int batch, channels, pixels, styles;
};

// gamma[n,c] from the weights, beta[n,c] from the biases, in every thread of the block of (n, c).
__device__ float mixed(Sizes z, const float* shares, const float* of_styles) {
  const int n = blockIdx.x / z.channels, c = blockIdx.x % z.channels;
  float sum = 0.0F;
  for (int s = threadIdx.x; s < z.styles; s += element_threads)
    sum += shares[n * z.styles + s] * of_styles[s * z.channels + c];
  return block_sum<warps>(sum);
}

// `saved` is null where nobody asks for it.
__global__ void __launch_bounds__(element_threads)
    forward(Sizes z, const float* __restrict__ x, const float* __restrict__ shares, const float* __restrict__ weight,
            const float* __restrict__ bias, float* __restrict__ y, InstanceStatistics* __restrict__ saved, float eps) {
  const int64_t first = int64_t{blockIdx.x} * z.pixels;
  const float gamma = mixed(z, shares, weight), beta = mixed(z, shares, bias);
  instance_norm(x + first, z.pixels, eps, gamma, beta, y + first, saved ? saved + blockIdx.x : nullptr);
}

__global__ void __launch_bounds__(element_threads)
    backward_features(Sizes z, const float* __restrict__ x, const float* __restrict__ shares,
                      const float* __restrict__ grad_y, const float* __restrict__ weight,
                      const InstanceStatistics* __restrict__ saved, float* __restrict__ grad_x) {
  const int64_t first = int64_t{blockIdx.x} * z.pixels;
  const float gamma = mixed(z, shares, weight);
  instance_norm_backward(x + first, grad_y + first, z.pixels, saved[blockIdx.x], gamma, grad_x + first);
}

// dL/dbeta[n,c] and dL/dgamma[n,c].
__global__ void __launch_bounds__(element_threads)
    backward_affine(Sizes z, const float* __restrict__ x, const float* __restrict__ grad_y,
                    const InstanceStatistics* __restrict__ saved, GradientSums* __restrict__ gradients) {
  const int64_t first = int64_t{blockIdx.x} * z.pixels;
  GradientSums own;
  own.add(x + first, grad_y + first, z.pixels, Normalized(saved[blockIdx.x], x[first]));
  const GradientSums sums = own.of_block();
  if (threadIdx.x == 0) gradients[blockIdx.x] = sums;
}

// A block a style of an image: dL/dshare[n,s] = sum over c of weight[s,c] dL/dgamma[n,c] + bias[s,c] dL/dbeta[n,c].
__global__ void __launch_bounds__(element_threads)
    backward_shares(Sizes z, const GradientSums* __restrict__ gradients, const float* __restrict__ weight,
                    const float* __restrict__ bias, float* __restrict__ grad_shares) {
  const int n = blockIdx.x / z.styles, s = blockIdx.x % z.styles;
  float sum = 0.0F;
  for (int c = threadIdx.x; c < z.channels; c += element_threads) {
    const GradientSums g = gradients[n * z.channels + c];
    sum += weight[s * z.channels + c] * g.scale + bias[s * z.channels + c] * g.shift;
  }
  sum = block_sum<warps>(sum);
  if (threadIdx.x == 0) grad_shares[blockIdx.x] = sum;
}

// A thread a style's channel: sums over n of share[n,s] dL/dgamma[n,c] and of share[n,s] dL/dbeta[n,c].
__global__ void __launch_bounds__(element_threads)
    backward_styles(Sizes z, const GradientSums* __restrict__ gradients, const float* __restrict__ shares,
                    float* __restrict__ grad_weight, float* __restrict__ grad_bias) {
  const int64_t i = element_index();
  if (i >= int64_t{z.styles} * z.channels) return;
  const int s = static_cast<int>(i / z.channels), c = static_cast<int>(i % z.channels);
  GradientSums sum;
  for (int n = 0; n < z.batch; ++n) {
    const GradientSums g = gradients[n * z.channels + c];
    sum.scale += shares[n * z.styles + s] * g.scale;
    sum.shift += shares[n * z.styles + s] * g.shift;
  }
  grad_weight[i] = sum.scale;
  grad_bias[i] = sum.shift;
}

Sizes sizes_of(const Problem& problem) {
  const Shape& shape = problem.output.shape;
  return {static_cast<int>(shape.n()), static_cast<int>(shape.c()), static_cast<int>(shape.h() * shape.w()),
          static_cast<int>(problem.params_as<ConditionalInstanceNormParams>().styles)};
}

simt::LaunchShape blocks(int count) {
  return {.grid = dim3(static_cast<unsigned>(count)), .block = dim3(element_threads)};
}

void run_forward(const Problem& problem, const Arguments& args) {
  const Sizes z = sizes_of(problem);
  simt::launch(blocks(z.batch * z.channels), forward, z, args.inputs[0].f32(), args.inputs[1].f32(),
               args.weights[0].f32(), args.weights[1].f32(), args.output.f32(),
               reinterpret_cast<InstanceStatistics*>(args.saved),
               static_cast<float>(problem.params_as<ConditionalInstanceNormParams>().eps));
}

size_t gradients_bytes(const Problem& problem) {
  return static_cast<size_t>(problem.output.shape.n() * problem.output.shape.c()) * sizeof(GradientSums);
}

const GradientSums* gradients_of(Sizes z, const Arguments& args) {
  auto* gradients = reinterpret_cast<GradientSums*>(args.workspace);
  simt::launch(blocks(z.batch * z.channels), backward_affine, z, args.inputs[0].f32(), args.grad_output.f32(),
               reinterpret_cast<const InstanceStatistics*>(args.saved), gradients);
  return gradients;
}

void run_backward_data(const Problem& problem, const Arguments& args) {
  const Sizes z = sizes_of(problem);
  if (args.grad_inputs[0])
    simt::launch(blocks(z.batch * z.channels), backward_features, z, args.inputs[0].f32(), args.inputs[1].f32(),
                 args.grad_output.f32(), args.weights[0].f32(), reinterpret_cast<const InstanceStatistics*>(args.saved),
                 args.grad_inputs[0].f32());
  if (args.grad_inputs[1])
    simt::launch(blocks(z.batch * z.styles), backward_shares, z, gradients_of(z, args), args.weights[0].f32(),
                 args.weights[1].f32(), args.grad_inputs[1].f32());
}

void run_backward_weights(const Problem& problem, const Arguments& args) {
  const Sizes z = sizes_of(problem);
  simt::launch(one_thread_each(int64_t{z.styles} * z.channels), backward_styles, z, gradients_of(z, args),
               args.inputs[1].f32(), args.grad_weights[0].f32(), args.grad_weights[1].f32());
}

Variant variant(Pass pass, RunFunction run, WorkspaceFunction workspace) {
  return {.name = "welford",
          .device = simt::device,
          .pass = pass,
          .layouts = in_nchw,
          .prepare = stateless(run, workspace)};
}

const std::string op = "conditional_instance_norm";
const RegisterVariant registered_forward(op, variant(Pass::forward, run_forward, nullptr));
const RegisterVariant registered_backward_data(op, variant(Pass::backward_data, run_backward_data, gradients_bytes));
const RegisterVariant registered_backward_weights(op, variant(Pass::backward_weights, run_backward_weights,
                                                              gradients_bytes));

}  // namespace
}  // namespace convlens
