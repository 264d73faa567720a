// Few images: the weights are all that costs, and each is read once. Forward, a warp takes one row of W: its lanes read
// 128 bytes side by side and meet in a shuffle. Backward, dx = W^T dy: a thread takes one column, so that the lanes of
// a warp read side by side again, and adds the rows up in order.

#include "kernels/base/cuda/layouts.h"
#include "kernels/base/cuda/warp_sum.h"
#include "kernels/base/registry.h"
#include "kernels/linear/linear.h"

namespace convlens {
namespace {

constexpr int warps = 8, threads = 32 * warps;
constexpr int64_t max_batch = 4;

__global__ void __launch_bounds__(threads)
    forward(const float* __restrict__ x, const float* __restrict__ w, const float* __restrict__ bias,
            float* __restrict__ y, int in_features, int out_features, int64_t input_step, int64_t output_step) {
  const int o = blockIdx.x * warps + threadIdx.x / 32, lane = threadIdx.x % 32, n = blockIdx.y;
  if (o >= out_features) return;  // all lanes of the warp alike
  float sum = 0.0F;
  for (int k = lane; k < in_features; k += 32) sum += w[int64_t{o} * in_features + k] * x[n * input_step + k];
  sum = warp_sum(sum);
  if (lane == 0) y[n * output_step + o] = sum + (bias ? bias[o] : 0.0F);
}

__global__ void __launch_bounds__(threads)
    backward_data(const float* __restrict__ grad_y, const float* __restrict__ w, float* __restrict__ grad_x,
                  int in_features, int out_features, int64_t input_step, int64_t output_step) {
  const int k = blockIdx.x * threads + threadIdx.x, n = blockIdx.y;
  if (k >= in_features) return;
  float sum = 0.0F;
  for (int o = 0; o < out_features; ++o) sum += grad_y[n * output_step + o] * w[int64_t{o} * in_features + k];
  grad_x[n * input_step + k] = sum;
}

unsigned blocks_of(int64_t items, int64_t per_block) {
  return static_cast<unsigned>((items + per_block - 1) / per_block);
}

void run_forward(const Problem& problem, const Arguments& args) {
  const LinearSizes s(problem);
  simt::launch({.grid = dim3(blocks_of(s.out_features, warps), static_cast<unsigned>(s.batch)), .block = dim3(threads)},
               forward, args.inputs[0].f32(), args.weights[0].f32(),
               args.weights.size() > 1 ? args.weights[1].f32() : nullptr, args.output.f32(),
               static_cast<int>(s.in_features), static_cast<int>(s.out_features), s.input_step, s.output_step);
}

void run_backward_data(const Problem& problem, const Arguments& args) {
  const LinearSizes s(problem);
  simt::launch(
      {.grid = dim3(blocks_of(s.in_features, threads), static_cast<unsigned>(s.batch)), .block = dim3(threads)},
      backward_data, args.grad_output.f32(), args.weights[0].f32(), args.grad_inputs[0].f32(),
      static_cast<int>(s.in_features), static_cast<int>(s.out_features), s.input_step, s.output_step);
}

std::optional<std::string> refuses(const Problem& problem) {
  const int64_t batch = problem.inputs[0].shape.n();
  if (batch <= max_batch) return std::nullopt;
  return "reads the weights once an image, and there are " + std::to_string(batch) + " (at most " +
         std::to_string(max_batch) + ")";
}

Variant variant(Pass pass, RunFunction run) {
  return {.name = "gemv",
          .device = simt::device,
          .pass = pass,
          .priority = 2,
          .layouts = in_nchw,
          .refuses = refuses,
          .prepare = stateless(run)};
}

const RegisterVariant registered_forward("linear", variant(Pass::forward, run_forward));
const RegisterVariant registered_backward_data("linear", variant(Pass::backward_data, run_backward_data));

}  // namespace
}  // namespace convlens
