// Batch 1: a matrix times a vector, the weights read in place.

#include <omp.h>

#include <algorithm>

#include "kernels/base/cpu/channel_strips.h"
#include "kernels/base/cpu/lanes.h"
#include "kernels/base/cpu/parallel.h"
#include "kernels/base/registry.h"
#include "kernels/linear/cpu/dot_products.h"
#include "kernels/linear/linear.h"

namespace convlens {
namespace {

using Lanes = FloatLanes<native_lanes>;
constexpr int64_t lanes = native_lanes;

struct WeightsInPlace {
  const float* w;
  int64_t columns;

  [[gnu::always_inline]] Lanes lanes_at(int64_t row, int64_t k) const {
    return load_lanes<Lanes>(w + row * columns + k);
  }
  [[gnu::always_inline]] float at(int64_t row, int64_t k) const { return w[row * columns + k]; }
  static constexpr float scale(int64_t) { return 1; }
};

void forward(const Problem& problem, const Arguments& args) {
  const WeightsInPlace weights{args.weights[0].f32(), LinearSizes(problem).in_features};
  dot_products(problem, args, weights, args.weights.size() > 1 ? args.weights[1].f32() : nullptr);
}

// sum[k] += the rows' elements k, each times its factor
template <int64_t rows>
void add_rows(const float* const* row, const float* factors, int64_t start, float* sum, int64_t count) {
#pragma omp simd
  for (int64_t k = 0; k < count; ++k) {
    float total = factors[0] * row[0][start + k];
    for (int64_t r = 1; r < rows; ++r) total += factors[r] * row[r][start + k];
    sum[k] += total;
  }
}

// Rows of the matrix that have a gradient, and their gradients, in the workspace.
struct ActiveRows {
  const float** row;
  float* gradient;
  int64_t count = 0;

  ActiveRows(const LinearSizes& s, const Arguments& args)
      : row(reinterpret_cast<const float**>(args.workspace)), gradient(reinterpret_cast<float*>(row + s.out_features)) {
    const float *grad_y = args.grad_output.f32(), *w = args.weights[0].f32();
    for (int64_t o = 0; o < s.out_features; ++o) {
      if (grad_y[o] == 0) continue;  // NaN is not
      row[count] = w + o * s.in_features;
      gradient[count++] = grad_y[o];
    }
  }
};

size_t active_rows_bytes(const Problem& problem) {
  return static_cast<size_t>(LinearSizes(problem).out_features) * (sizeof(const float*) + sizeof(float));
}

// Where no gradient comes back, most often behind a ReLU or all but one of the scores, the row is not read at all.
// Threads share the columns, so that each sum has one owner and the result does not depend on their number. A piece of
// the gradient stays in the nearest cache while the rows stream past.
void backward_data(const Problem& problem, const Arguments& args) {
  constexpr int64_t largest_piece = 4096, group = 8;
  const LinearSizes s(problem);
  const ActiveRows active(s, args);
  float* grad_x = args.grad_inputs[0].f32();
  const int64_t threads = omp_get_max_threads();
  const int64_t pieces = threads * ((s.in_features + threads * largest_piece - 1) / (threads * largest_piece));
  const int64_t piece = ((s.in_features + pieces - 1) / pieces + lanes - 1) / lanes * lanes;
  parallel_for((s.in_features + piece - 1) / piece, [&](int64_t i) {
    const int64_t start = i * piece, count = std::min(piece, s.in_features - start);
    std::fill_n(grad_x + start, count, 0.0F);
    int64_t r = 0;
    for (; r + group <= active.count; r += group)
      add_rows<group>(active.row + r, active.gradient + r, start, grad_x + start, count);
    for (; r < active.count; ++r) add_rows<1>(active.row + r, active.gradient + r, start, grad_x + start, count);
  });
  zero_padding_channels(args.grad_inputs[0]);
}

void backward_weights(const Problem& problem, const Arguments& args) {
  const LinearSizes s(problem);
  const float *x = args.inputs[0].f32(), *grad_y = args.grad_output.f32();
  float* grad_w = args.grad_weights[0].f32();
  parallel_for(s.out_features, [&](int64_t o) {
    float* row = grad_w + o * s.in_features;
    const float g = grad_y[o];
#pragma omp simd
    for (int64_t k = 0; k < s.in_features; ++k) row[k] = g * x[k];
  });
  if (args.grad_weights.size() > 1) std::copy_n(grad_y, s.out_features, args.grad_weights[1].f32());
}

Variant variant(Pass pass, RunFunction run, WorkspaceFunction workspace = nullptr) {
  return {.name = "gemv",
          .device = Device::cpu,
          .pass = pass,
          .priority = 20,
          .fuses_activation = pass == Pass::forward,
          .layouts = linear_layouts,
          .refuses = dot_products_refuse,
          .prepare = stateless(run, workspace)};
}

const RegisterVariant registered_forward("linear", variant(Pass::forward, forward));
const RegisterVariant registered_backward_data("linear",
                                               variant(Pass::backward_data, backward_data, active_rows_bytes));
const RegisterVariant registered_backward_weights("linear", variant(Pass::backward_weights, backward_weights));

}  // namespace
}  // namespace convlens
