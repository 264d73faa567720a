#pragma once

#include "kernels/base/cuda/gemm_tile.h"
#include "kernels/base/cuda/layouts.h"
#include "kernels/base/registry.h"
#include "kernels/linear/cuda/backward_bias.h"
#include "kernels/linear/linear.h"

// Each pass is one product of matrices, by tiles of 64 x 64:
//   forward           y[n,o]  = sum over k of x[n,k] w[o,k] + b[o]
//   backward_data     dx[n,k] = sum over o of dy[n,o] w[o,k]
//   backward_weights  dw[o,k] = sum over n of dy[n,o] x[n,k]
// A weight is read once for each 64 images. Variants differ in how a block makes its tile:
// `Tile::multiply(a, b, rows, columns, depth, first_row, first_column, somewhere, store)`, where `somewhere` is any
// address in global memory.

namespace convlens {

/// The rows of a matrix, and its columns, as a product's operand.
struct MatrixRows {
  static constexpr bool contiguous_in_k = true;
  const float* values;
  int64_t step;
  __device__ const float* address(int row, int k) const { return values + row * step + k; }
};

struct MatrixColumns {
  static constexpr bool contiguous_in_k = false;
  const float* values;
  int64_t step;
  __device__ const float* address(int column, int k) const { return values + k * step + column; }
};

struct ProductSizes {
  explicit ProductSizes(const Problem& problem) {
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

/// The tile of the blockIdx.y-th row of tiles and blockIdx.x-th column.
template <class Tile, class A, class B, class Store>
__device__ void own_tile(const A& a, const B& b, int rows, int columns, int depth, const Store& store) {
  Tile::multiply(a, b, rows, columns, depth, blockIdx.y * GemmTile::size, blockIdx.x * GemmTile::size, a.values, store);
}

template <class Tile>
__global__ void __launch_bounds__(GemmTile::threads, GemmTile::blocks)
    linear_forward(ProductSizes s, const float* __restrict__ x, const float* __restrict__ w,
                   const float* __restrict__ bias, float* __restrict__ y) {
  own_tile<Tile>(MatrixRows{x, s.input_step}, MatrixRows{w, s.in_features}, s.batch, s.out_features, s.in_features,
                 [&](int n, int o, float sum) { y[n * s.output_step + o] = sum + (bias ? bias[o] : 0.0F); });
}

template <class Tile>
__global__ void __launch_bounds__(GemmTile::threads, GemmTile::blocks)
    linear_backward_data(ProductSizes s, const float* __restrict__ grad_y, const float* __restrict__ w,
                         float* __restrict__ grad_x) {
  own_tile<Tile>(MatrixRows{grad_y, s.output_step}, MatrixColumns{w, s.in_features}, s.batch, s.in_features,
                 s.out_features, [&](int n, int k, float sum) { grad_x[n * s.input_step + k] = sum; });
}

template <class Tile>
__global__ void __launch_bounds__(GemmTile::threads, GemmTile::blocks)
    linear_backward_weight(ProductSizes s, const float* __restrict__ x, const float* __restrict__ grad_y,
                           float* __restrict__ grad_w) {
  own_tile<Tile>(MatrixColumns{grad_y, s.output_step}, MatrixColumns{x, s.input_step}, s.out_features, s.in_features,
                 s.batch, [&](int o, int k, float sum) { grad_w[int64_t{o} * s.in_features + k] = sum; });
}

inline simt::LaunchShape product_shape(int64_t rows, int64_t columns) {
  return {.grid = dim3(gemm_tiles(columns), gemm_tiles(rows)), .block = dim3(GemmTile::threads)};
}

template <class Tile, Pass pass>
void run_product(const Problem& problem, const Arguments& args) {
  const ProductSizes s(problem);
  if constexpr (pass == Pass::forward) {
    simt::launch(product_shape(s.batch, s.out_features), linear_forward<Tile>, s, args.inputs[0].f32(),
                 args.weights[0].f32(), args.weights.size() > 1 ? args.weights[1].f32() : nullptr, args.output.f32());
  } else if constexpr (pass == Pass::backward_data) {
    simt::launch(product_shape(s.batch, s.in_features), linear_backward_data<Tile>, s, args.grad_output.f32(),
                 args.weights[0].f32(), args.grad_inputs[0].f32());
  } else {
    simt::launch(product_shape(s.out_features, s.in_features), linear_backward_weight<Tile>, s, args.inputs[0].f32(),
                 args.grad_output.f32(), args.grad_weights[0].f32());
    if (args.grad_weights.size() > 1)
      linear_backward_bias(s.batch, s.out_features, s.output_step, args.grad_output.f32(), args.grad_weights[1].f32());
  }
}

template <class Tile, Pass pass>
Variant product_variant(std::string name, int priority, double relative_error) {
  return {.name = std::move(name),
          .device = simt::device,
          .pass = pass,
          .priority = priority,
          .relative_error = relative_error,
          .layouts = in_nchw,
          .prepare = stateless(run_product<Tile, pass>)};
}

}  // namespace convlens
