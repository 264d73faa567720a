#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include "kernels/base/cpu/channel_strips.h"
#include "kernels/base/cpu/lane_activation.h"
#include "kernels/base/cpu/lanes.h"
#include "kernels/base/cpu/parallel.h"
#include "kernels/linear/linear.h"

namespace convlens {

/// sums[r] = the matrix's row first + r times x. Partial sums are put away every `run` elements, so that rounding
/// errors stay those of short sums.
template <int64_t rows, class Matrix>
void dot_rows(const Matrix& matrix, int64_t first, const float* x, int64_t count, float* sums) {
  using Lanes = FloatLanes<native_lanes>;
  constexpr int64_t lanes = native_lanes, run = 1024;
  Lanes totals[rows]{};
  const int64_t in_lanes = count / lanes * lanes;
  for (int64_t start = 0; start < in_lanes; start += run) {
    Lanes partial[rows]{};
    for (int64_t k = start; k < std::min(start + run, in_lanes); k += lanes) {
      const Lanes v = load_lanes<Lanes>(x + k);
      for (int64_t r = 0; r < rows; ++r) partial[r] += matrix.lanes_at(first + r, k) * v;
    }
    for (int64_t r = 0; r < rows; ++r) totals[r] += partial[r];
  }
  for (int64_t r = 0; r < rows; ++r) {
    sums[r] = horizontal_sum(totals[r]);
    for (int64_t k = in_lanes; k < count; ++k) sums[r] += matrix.at(first + r, k) * x[k];
    sums[r] *= matrix.scale(first + r);
  }
}

/// y = activation(W x + b) of a batch of one. Each weight is used once, so the time is that of reading the matrix; it
/// is read in order, by several rows at a time, which keeps enough loads in flight and shares the loads of the vector.
/// Matrix tells its elements: lanes_at(row, column), at(row, column), and the scale(row) of both.
template <class Matrix>
void dot_products(const Problem& problem, const Arguments& args, const Matrix& matrix, const float* bias) {
  constexpr int64_t row_group = 4;
  const LinearSizes s(problem);
  const float* x = args.inputs[0].f32();
  float* y = args.output.f32();
  const LaneActivation activated(problem.activation);
  parallel_for((s.out_features + row_group - 1) / row_group, [&](int64_t group) {
    const int64_t first = group * row_group, rows = std::min(row_group, s.out_features - first);
    float sums[row_group];
    if (rows == row_group)
      dot_rows<row_group>(matrix, first, x, s.in_features, sums);
    else
      for (int64_t r = 0; r < rows; ++r) dot_rows<1>(matrix, first + r, x, s.in_features, sums + r);
    for (int64_t r = 0; r < rows; ++r)
      y[first + r] = activated(FloatLanes<1>{} + (sums[r] + (bias ? bias[first + r] : 0.0F)))[0];
  });
  zero_padding_channels(args.output);
}

inline std::optional<std::string> dot_products_refuse(const Problem& problem) {
  if (problem.inputs[0].shape.n() != 1) return "needs batch 1";
  return refuses_linear_order(problem);
}

}  // namespace convlens
