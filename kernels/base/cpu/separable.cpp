// Rows first: whatever the layout, a row of W x block numbers lies in one piece, so that combining rows is one
// vectorised loop. Then the combined row, still in the cache, is combined along its width into a row of the result.

#include "kernels/base/cpu/separable.h"

#include <omp.h>

#include <algorithm>

#include "kernels/base/cpu/lanes.h"
#include "kernels/base/cpu/parallel.h"

namespace convlens {
namespace {

template <int count>
void add_weighted(const float* x, int64_t stride, const float* weights, float* y, int64_t length) {
#pragma omp simd
  for (int64_t i = 0; i < length; ++i) {
    float sum = y[i];
    for (int k = 0; k < count; ++k) sum += weights[k] * x[k * stride + i];
    y[i] = sum;
  }
}

template <int count>
void set_weighted(const float* x, int64_t stride, const float* weights, float* y, int64_t length) {
#pragma omp simd
  for (int64_t i = 0; i < length; ++i) {
    float sum = weights[0] * x[i];
    for (int k = 1; k < count; ++k) sum += weights[k] * x[k * stride + i];
    y[i] = sum;
  }
}

/// y[i] = sum over k of weights[k] * x[k * stride + i], up to four terms at a time.
void combine(const float* x, int64_t stride, std::span<const float> weights, float* y, int64_t length) {
  const size_t first = std::min<size_t>(weights.size(), 4);
  const float* w = weights.data();
  switch (first) {
    case 0: std::fill_n(y, length, 0.0F); break;
    case 1: set_weighted<1>(x, stride, w, y, length); break;
    case 2: set_weighted<2>(x, stride, w, y, length); break;
    case 3: set_weighted<3>(x, stride, w, y, length); break;
    default: set_weighted<4>(x, stride, w, y, length); break;
  }
  for (size_t k = first; k < weights.size();) {
    const float* from = x + static_cast<int64_t>(k) * stride;
    const size_t count = std::min<size_t>(weights.size() - k, 4);
    switch (count) {
      case 1: add_weighted<1>(from, stride, w + k, y, length); break;
      case 2: add_weighted<2>(from, stride, w + k, y, length); break;
      case 3: add_weighted<3>(from, stride, w + k, y, length); break;
      default: add_weighted<4>(from, stride, w + k, y, length); break;
    }
    k += count;
  }
}

/// The map along the width, with what its functions need of it.
struct Width {
  AxisMap map;
  AxisMap::Columns columns;
  int64_t block;
};

/// The combined row along its width, for a block that is one vector.
template <int lanes>
void combine_width(const float* row, const Width& width, float* y) {
  using Values = FloatLanes<lanes>;
  for (int64_t q = 0; q < width.map.outputs(); ++q) {
    const AxisMap::Taps taps = width.map.taps(q);
    Values sum{};
    const float* x = row + taps.begin * lanes;
    for (const float weight : taps.weights) {
      sum += weight * load_lanes<Values>(x);
      x += lanes;
    }
    store_lanes(y + q * lanes, sum);
  }
}

/// NCHW: vectorised along the outputs where sums are short, their taps one column after another.
void combine_width_of_plane(const float* row, const Width& width, float* y) {
  const AxisMap::Columns& columns = width.columns;
  const int64_t outputs = width.map.outputs();
  std::fill_n(y, outputs, 0.0F);
  for (int32_t t = 0; t < columns.count; ++t) {
    const float* weights = columns.weights.data() + t * outputs;
#pragma omp simd
    for (int64_t q = 0; q < outputs; ++q)
      y[q] += t < columns.counts[q] ? weights[q] * row[columns.begins[q] + t] : 0.0F;
  }
}

/// NCHW where a sum is long enough to be vectorised itself.
void combine_width_by_dot(const float* row, const Width& width, float* y) {
  for (int64_t q = 0; q < width.map.outputs(); ++q) {
    const AxisMap::Taps taps = width.map.taps(q);
    const float *x = row + taps.begin, *weights = taps.weights.data();
    const int64_t count = static_cast<int64_t>(taps.weights.size());
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t t = 0; t < count; ++t) sum += weights[t] * x[t];
    y[q] = sum;
  }
}

/// NHWC: a block of any size is a long row.
void combine_width_of_block(const float* row, const Width& width, float* y) {
  for (int64_t q = 0; q < width.map.outputs(); ++q) {
    const AxisMap::Taps taps = width.map.taps(q);
    combine(row + taps.begin * width.block, width.block, taps.weights, y + q * width.block, width.block);
  }
}

using CombineWidth = void (*)(const float*, const Width&, float*);

CombineWidth combine_width_for(const Width& width) {
  switch (width.block) {
    case 1: return width.columns.count < width.map.outputs() ? combine_width_of_plane : combine_width_by_dot;
    case 4: return combine_width<4>;
    case 8: return combine_width<8>;
    case 16: return combine_width<16>;
    default: return combine_width_of_block;
  }
}

class SeparableKernel final : public Kernel {
 public:
  SeparableKernel(const TensorDesc& from, Pass pass, AxisMap height, const AxisMap& width)
      : e_(from),
        pass_(pass),
        height_(std::move(height)),
        width_{width, width.columns(), e_.block},
        combine_width_(combine_width_for(width_)),
        threads_(omp_get_max_threads()) {}

  size_t workspace() const override { return static_cast<size_t>(threads_ * padded_row()) * sizeof(float); }

  void run(const Arguments& args) override {
    float* rows = reinterpret_cast<float*>(args.workspace);
    if (pass_ == Pass::forward) return apply(args.inputs[0].f32(), args.output.f32(), rows);
    apply(args.grad_output.f32(), args.grad_inputs[0].f32(), rows);
  }

 private:
  int64_t row() const { return e_.w * e_.block; }
  int64_t padded_row() const { return (row() + 15) / 16 * 16; }

  // Each of `threads_` has a run of the result's rows, and a row of workspace of its own.
  void apply(const float* x, float* y, float* workspace) const {
    const int64_t total = e_.n * e_.blocks * height_.outputs();
    const bool small = total * std::max(row(), width_.map.outputs() * e_.block) < (1 << 13);
    const int64_t workers = small ? 1 : threads_;
    parallel_for(workers, [&](int64_t worker) {
      for (int64_t i = total * worker / workers; i < total * (worker + 1) / workers; ++i)
        apply_row(x, i, y, workspace + worker * padded_row());
    });
  }

  void apply_row(const float* x, int64_t i, float* y, float* combined) const {
    const AxisMap::Taps taps = height_.taps(i % height_.outputs());
    const float* from = x + (i / height_.outputs() * e_.h + taps.begin) * row();
    const bool as_it_is = taps.weights.size() == 1 && taps.weights[0] == 1;
    if (!as_it_is) combine(from, row(), taps.weights, combined, row());
    combine_width_(as_it_is ? from : combined, width_, y + i * width_.map.outputs() * e_.block);
  }

  BlockedExtents e_;
  Pass pass_;
  AxisMap height_;
  Width width_;
  CombineWidth combine_width_;
  int64_t threads_;
};

}  // namespace

std::unique_ptr<Kernel> separable_kernel(const Problem& problem, Pass pass, const AxisMap& height,
                                         const AxisMap& width) {
  if (pass == Pass::forward) return std::make_unique<SeparableKernel>(problem.inputs[0], pass, height, width);
  return std::make_unique<SeparableKernel>(problem.output, pass, height.transposed(), width.transposed());
}

}  // namespace convlens
