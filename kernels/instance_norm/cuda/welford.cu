// A block a channel of an image. Mean and variance in one pass over memory: each thread keeps a running mean and sum of
// squared distances (Welford 1962), and two such are merged exactly (Chan, Golub and LeVeque 1979), first within warps
// by shuffles, then between them. A second pass normalizes. Backward likewise: one pass for two sums, one for the
// gradient.

#include "kernels/base/cuda/block_sum.h"
#include "kernels/base/cuda/blocks.h"
#include "kernels/base/cuda/layouts.h"
#include "kernels/base/instance_statistics.h"
#include "kernels/base/registry.h"
#include "kernels/instance_norm/instance_norm.h"

namespace convlens {
namespace {

constexpr int warps = element_threads / 32;

// Of some numbers: how many, their mean, and the sum of their squared distances from it.
struct Moments {
  float count = 0.0F, mean = 0.0F, squares = 0.0F;

  __device__ void add(float x) {
    count += 1.0F;
    const float distance = x - mean;
    mean += distance / count;
    squares += distance * (x - mean);
  }
  __device__ void merge(const Moments& other) {
    const float total = count + other.count;
    if (total == 0.0F) return;
    const float distance = other.mean - mean, share = other.count / total;
    mean += distance * share;
    squares += other.squares + distance * distance * count * share;
    count = total;
  }
};

__device__ Moments moments_of_block(Moments own) {
  __shared__ Moments of_warps[warps];
  for (int distance = 16; distance > 0; distance /= 2) {
    Moments other;
    other.count = __shfl_down_sync(0xffffffffU, own.count, distance);
    other.mean = __shfl_down_sync(0xffffffffU, own.mean, distance);
    other.squares = __shfl_down_sync(0xffffffffU, own.squares, distance);
    own.merge(other);
  }
  if (threadIdx.x % 32 == 0) of_warps[threadIdx.x / 32] = own;
  __syncthreads();
  Moments all = of_warps[0];
#pragma unroll
  for (int warp = 1; warp < warps; ++warp) all.merge(of_warps[warp]);
  return all;
}

struct Sizes {
  int batch, channels, pixels;
};

// `weight` and `bias` are null where the operator has none.
__global__ void __launch_bounds__(element_threads)
    forward(Sizes s, const float* __restrict__ x, const float* __restrict__ weight, const float* __restrict__ bias,
            float* __restrict__ y, InstanceStatistics* __restrict__ saved, float eps) {
  const int c = blockIdx.x % s.channels;
  const int64_t first = int64_t{blockIdx.x} * s.pixels;
  const float origin = x[first];
  Moments own;
  for (int i = threadIdx.x; i < s.pixels; i += element_threads) own.add(x[first + i] - origin);
  const Moments all = moments_of_block(own);
  const float inverse_std = 1.0F / sqrtf(all.squares / all.count + eps);
  if (saved && threadIdx.x == 0) saved[blockIdx.x] = {static_cast<double>(origin) + all.mean, inverse_std};
  const float scale = weight ? weight[c] * inverse_std : inverse_std, shift = bias ? bias[c] : 0.0F;
  for (int i = threadIdx.x; i < s.pixels; i += element_threads)
    y[first + i] = scale * (x[first + i] - origin - all.mean) + shift;
}

// xhat of the formula. `origin` is the channel's first pixel.
struct Normalized {
  __device__ Normalized(const InstanceStatistics& s, float first_pixel)
      : origin(first_pixel),
        mean(static_cast<float>(s.mean - first_pixel)),
        inverse_std(static_cast<float>(s.inverse_std)) {}
  __device__ float operator()(float x) const { return inverse_std * (x - origin - mean); }
  float origin, mean, inverse_std;
};

__global__ void __launch_bounds__(element_threads)
    backward_data(Sizes s, const float* __restrict__ x, const float* __restrict__ grad_y,
                  const float* __restrict__ weight, const InstanceStatistics* __restrict__ saved,
                  float* __restrict__ grad_x) {
  const int c = blockIdx.x % s.channels;
  const int64_t first = int64_t{blockIdx.x} * s.pixels;
  const Normalized normalized(saved[blockIdx.x], x[first]);
  float sum = 0.0F, product = 0.0F;
  for (int i = threadIdx.x; i < s.pixels; i += element_threads) {
    const float g = grad_y[first + i];
    sum += g;
    product += g * normalized(x[first + i]);
  }
  const float mean = block_sum<warps>(sum) / static_cast<float>(s.pixels);
  const float mean_product = block_sum<warps>(product) / static_cast<float>(s.pixels);
  const float scale = weight ? weight[c] * normalized.inverse_std : normalized.inverse_std;
  for (int i = threadIdx.x; i < s.pixels; i += element_threads)
    grad_x[first + i] = scale * (grad_y[first + i] - mean - normalized(x[first + i]) * mean_product);
}

// A block a channel.
__global__ void __launch_bounds__(element_threads)
    backward_weights(Sizes s, const float* __restrict__ x, const float* __restrict__ grad_y,
                     const InstanceStatistics* __restrict__ saved, float* __restrict__ grad_weight,
                     float* __restrict__ grad_bias) {
  const int c = blockIdx.x;
  float sum = 0.0F, product = 0.0F;
  for (int n = 0; n < s.batch; ++n) {
    const int image_channel = n * s.channels + c;
    const int64_t first = int64_t{image_channel} * s.pixels;
    const Normalized normalized(saved[image_channel], x[first]);
    for (int i = threadIdx.x; i < s.pixels; i += element_threads) {
      sum += grad_y[first + i];
      product += grad_y[first + i] * normalized(x[first + i]);
    }
  }
  sum = block_sum<warps>(sum);
  product = block_sum<warps>(product);
  if (threadIdx.x > 0) return;
  grad_weight[c] = product;
  grad_bias[c] = sum;
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
