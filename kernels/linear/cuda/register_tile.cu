// Each pass is one product of matrices, by tiles of 64 x 64 with 4 x 4 results a thread (GemmTile):
//   forward           y[n,o]  = sum over k of x[n,k] w[o,k] + b[o]
//   backward_data     dx[n,k] = sum over o of dy[n,o] w[o,k]
//   backward_weights  dw[o,k] = sum over n of dy[n,o] x[n,k]
// A weight is read once for each 64 images.

#include "kernels/base/cuda/gemm_tile.h"
#include "kernels/base/cuda/layouts.h"
#include "kernels/base/registry.h"
#include "kernels/linear/linear.h"

namespace convlens {
namespace {

// The rows of a matrix, and its columns, as a product's operand.
struct Rows {
  static constexpr bool contiguous_in_k = true;
  const float* values;
  int64_t step;
  __device__ const float* address(int row, int k) const { return values + row * step + k; }
};

struct Columns {
  static constexpr bool contiguous_in_k = false;
  const float* values;
  int64_t step;
  __device__ const float* address(int column, int k) const { return values + k * step + column; }
};

struct Sizes {
  explicit Sizes(const Problem& problem) {
    const LinearSizes s(problem);
    batch = static_cast<int>(s.batch);
    in_features = static_cast<int>(s.in_features);
    out_features = static_cast<int>(s.out_features);
    input_step = s.input_step;
    output_step = s.output_step;
  }
  int batch, in_features, out_features;
  int64_t input_step, output_step;
};

__device__ int first_row() { return blockIdx.y * GemmTile::size; }
__device__ int first_column() { return blockIdx.x * GemmTile::size; }

__global__ void __launch_bounds__(GemmTile::threads, GemmTile::blocks)
    forward(Sizes s, const float* __restrict__ x, const float* __restrict__ w, const float* __restrict__ bias,
            float* __restrict__ y) {
  gemm_tile_to(Rows{x, s.input_step}, Rows{w, s.in_features}, s.batch, s.out_features, s.in_features, first_row(),
               first_column(),
               [&](int n, int o, float sum) { y[n * s.output_step + o] = sum + (bias ? bias[o] : 0.0F); });
}

__global__ void __launch_bounds__(GemmTile::threads, GemmTile::blocks)
    backward_data(Sizes s, const float* __restrict__ grad_y, const float* __restrict__ w, float* __restrict__ grad_x) {
  gemm_tile_to(Rows{grad_y, s.output_step}, Columns{w, s.in_features}, s.batch, s.in_features, s.out_features,
               first_row(), first_column(), [&](int n, int k, float sum) { grad_x[n * s.input_step + k] = sum; });
}

__global__ void __launch_bounds__(GemmTile::threads, GemmTile::blocks)
    backward_weight(Sizes s, const float* __restrict__ x, const float* __restrict__ grad_y,
                    float* __restrict__ grad_w) {
  gemm_tile_to(Columns{grad_y, s.output_step}, Columns{x, s.input_step}, s.out_features, s.in_features, s.batch,
               first_row(), first_column(),
               [&](int o, int k, float sum) { grad_w[int64_t{o} * s.in_features + k] = sum; });
}

__global__ void backward_bias(Sizes s, const float* __restrict__ grad_y, float* __restrict__ grad_bias) {
  const int o = blockIdx.x * blockDim.x + threadIdx.x;
  if (o >= s.out_features) return;
  float sum = 0.0F;
  for (int n = 0; n < s.batch; ++n) sum += grad_y[n * s.output_step + o];
  grad_bias[o] = sum;
}

simt::LaunchShape shape_of(int64_t rows, int64_t columns) {
  return {.grid = dim3(gemm_tiles(columns), gemm_tiles(rows)), .block = dim3(GemmTile::threads)};
}

void run_forward(const Problem& problem, const Arguments& args) {
  const Sizes s(problem);
  simt::launch(shape_of(s.batch, s.out_features), forward, s, args.inputs[0].f32(), args.weights[0].f32(),
               args.weights.size() > 1 ? args.weights[1].f32() : nullptr, args.output.f32());
}

void run_backward_data(const Problem& problem, const Arguments& args) {
  const Sizes s(problem);
  simt::launch(shape_of(s.batch, s.in_features), backward_data, s, args.grad_output.f32(), args.weights[0].f32(),
               args.grad_inputs[0].f32());
}

void run_backward_weights(const Problem& problem, const Arguments& args) {
  const Sizes s(problem);
  simt::launch(shape_of(s.out_features, s.in_features), backward_weight, s, args.inputs[0].f32(),
               args.grad_output.f32(), args.grad_weights[0].f32());
  if (args.grad_weights.size() < 2) return;
  constexpr unsigned threads = 128;
  simt::launch({.grid = dim3((static_cast<unsigned>(s.out_features) + threads - 1) / threads), .block = dim3(threads)},
               backward_bias, s, args.grad_output.f32(), args.grad_weights[1].f32());
}

Variant variant(Pass pass, RunFunction run) {
  return {
      .name = "register_tile",
      .device = simt::device,
      .pass = pass,
      .priority = 1,
      // One float adds up all features, in order: its rounding grows with the root of their number (2.2e-6 at 9001).
      .relative_error = 1e-5,
      .layouts = in_nchw,
      .prepare = stateless(run)};
}

const RegisterVariant registered_forward("linear", variant(Pass::forward, run_forward));
const RegisterVariant registered_backward_data("linear", variant(Pass::backward_data, run_backward_data));
const RegisterVariant registered_backward_weights("linear", variant(Pass::backward_weights, run_backward_weights));

}  // namespace
}  // namespace convlens
