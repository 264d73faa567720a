// In every layout a row of pixels is one run of memory in which the right neighbour is `block` elements away and the
// lower one a row away: one vectorised loop serves all. Padding channels are equal to their neighbours and give
// nothing. Rows are summed in double, each on its own, and then in order. The backward pass computes each term once: it
// keeps the row's derivatives, and those by dy of the row above.

#include <algorithm>
#include <cmath>

#include "kernels/base/cpu/parallel.h"
#include "kernels/base/registry.h"
#include "kernels/total_variation/total_variation.h"

namespace convlens {
namespace {

struct L1 {
  static float sign(float v) { return v > 0 ? 1.0F : v < 0 ? -1.0F : 0.0F; }
  float value(float dx, float dy) const { return std::abs(dx) + std::abs(dy); }
  float by_dx(float dx, float) const { return sign(dx); }
  float by_dy(float, float dy) const { return sign(dy); }
};

struct L2 {
  float value(float dx, float dy) const { return dx * dx + dy * dy; }
  float by_dx(float dx, float) const { return 2 * dx; }
  float by_dy(float, float dy) const { return 2 * dy; }
};

struct Beta1 {
  static float inverse_root(float s) { return s > 0 ? 1.0F / std::sqrt(s) : 0.0F; }
  float value(float dx, float dy) const { return std::sqrt(dx * dx + dy * dy); }
  float by_dx(float dx, float dy) const { return inverse_root(dx * dx + dy * dy) * dx; }
  float by_dy(float dx, float dy) const { return inverse_root(dx * dx + dy * dy) * dy; }
};

struct AnyBeta {
  float beta;
  float factor(float s) const { return s > 0 ? beta * std::pow(s, beta / 2 - 1) : 0.0F; }
  float value(float dx, float dy) const { return std::pow(dx * dx + dy * dy, beta / 2); }
  float by_dx(float dx, float dy) const { return factor(dx * dx + dy * dy) * dx; }
  float by_dy(float dx, float dy) const { return factor(dx * dx + dy * dy) * dy; }
};

template <class Body>
void with_norm(const TotalVariationParams& p, const Body& body) {
  switch (p.norm) {
    case VariationNorm::l1: return body(L1{});
    case VariationNorm::l2: return body(L2{});
    case VariationNorm::beta: break;
  }
  if (p.beta == 2) return body(L2{});
  if (p.beta == 1) return body(Beta1{});
  body(AnyBeta{static_cast<float>(p.beta)});
}

struct Rows {
  explicit Rows(const TensorDesc& desc)
      : extents(desc), length(extents.w * extents.block), planes(extents.n * extents.blocks) {}
  bool has_below(int64_t h) const { return h + 1 < extents.h; }
  BlockedExtents extents;
  int64_t length, planes;
};

// The sum of one row's terms; `below` is the row itself at the lower border.
template <class Norm>
double row_sum(const Norm& norm, const float* x, const float* below, int64_t length, int64_t block) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < length - block; ++i) sum += norm.value(x[i + block] - x[i], below[i] - x[i]);
#pragma omp simd reduction(+ : sum)
  for (int64_t i = length - block; i < length; ++i) sum += norm.value(0.0F, below[i] - x[i]);
  return sum;
}

size_t sums_bytes(const Problem& problem) {
  const Rows rows(problem.inputs[0]);
  return static_cast<size_t>(rows.planes * rows.extents.h) * sizeof(double);
}

void forward(const Problem& problem, const Arguments& args) {
  const Rows rows(problem.inputs[0]);
  const float* x = args.inputs[0].f32();
  auto* sums = reinterpret_cast<double*>(args.workspace);
  with_norm(problem.params_as<TotalVariationParams>(), [&](const auto& norm) {
    parallel_for(rows.planes * rows.extents.h, [&](int64_t r) {
      const float* row = x + r * rows.length;
      const float* below = rows.has_below(r % rows.extents.h) ? row + rows.length : row;
      sums[r] = row_sum(norm, row, below, rows.length, rows.extents.block);
    });
  });
  const int64_t per_image = rows.extents.blocks * rows.extents.h;
  for (int64_t n = 0; n < rows.extents.n; ++n) {
    double total = 0;
    for (int64_t r = n * per_image; r < (n + 1) * per_image; ++r) total += sums[r];
    args.output.f32()[n] = static_cast<float>(total);
  }
}

// The derivatives of one row's terms. by_dx has `block` zeros before it, so that every pixel has a left neighbour.
template <class Norm>
void row_derivatives(const Norm& norm, const float* x, const float* below, int64_t length, int64_t block, float* by_dx,
                     float* by_dy) {
#pragma omp simd
  for (int64_t i = 0; i < length - block; ++i) {
    const float dx = x[i + block] - x[i], dy = below[i] - x[i];
    by_dx[i] = norm.by_dx(dx, dy);
    by_dy[i] = norm.by_dy(dx, dy);
  }
#pragma omp simd
  for (int64_t i = length - block; i < length; ++i) {
    by_dx[i] = 0;
    by_dy[i] = norm.by_dy(0.0F, below[i] - x[i]);
  }
}

constexpr int64_t run = 32;  // rows of a plane that one thread takes from top to bottom

// One plane's rows, cut into runs; each run has three rows of scratch memory.
int64_t runs_per_plane(const Rows& rows) { return (rows.extents.h + run - 1) / run; }
int64_t scratch_elements(const Rows& rows) { return 3 * rows.length + rows.extents.block; }

size_t scratch_bytes(const Problem& problem) {
  const Rows rows(problem.inputs[0]);
  return static_cast<size_t>(rows.planes * runs_per_plane(rows) * scratch_elements(rows)) * sizeof(float);
}

template <class Norm>
void backward_run(const Norm& norm, const Rows& rows, const float* plane, float g, int64_t first, float* scratch,
                  float* grad_plane) {
  const int64_t block = rows.extents.block, length = rows.length;
  float *by_dx = scratch + block, *by_dy = by_dx + length, *above = by_dy + length;
  std::fill_n(scratch, block, 0.0F);
  const auto derivatives = [&](int64_t h, float* dy) {
    const float* x = plane + h * length;
    row_derivatives(norm, x, rows.has_below(h) ? x + length : x, length, block, by_dx, dy);
  };
  if (first > 0)
    derivatives(first - 1, above);
  else
    std::fill_n(above, length, 0.0F);
  for (int64_t h = first; h < std::min(first + run, rows.extents.h); ++h) {
    derivatives(h, by_dy);
    float* grad = grad_plane + h * length;
#pragma omp simd
    for (int64_t i = 0; i < length; ++i) grad[i] = g * (by_dx[i - block] - by_dx[i] + above[i] - by_dy[i]);
    std::swap(above, by_dy);
  }
}

void backward_data(const Problem& problem, const Arguments& args) {
  const Rows rows(problem.inputs[0]);
  const int64_t runs = runs_per_plane(rows), plane_elements = rows.extents.h * rows.length;
  auto* scratch = reinterpret_cast<float*>(args.workspace);
  with_norm(problem.params_as<TotalVariationParams>(), [&](const auto& norm) {
    parallel_for(rows.planes * runs, [&](int64_t k) {
      const int64_t plane = k / runs;
      backward_run(norm, rows, args.inputs[0].f32() + plane * plane_elements,
                   args.grad_output.f32()[plane / rows.extents.blocks], k % runs * run,
                   scratch + k * scratch_elements(rows), args.grad_inputs[0].f32() + plane * plane_elements);
    });
  });
}

IoLayout layouts(const Problem& problem) { return {problem.inputs[0].layout, Layout::nchw}; }

std::optional<std::string> refuses(const Problem& problem) {
  if (problem.output.elements() == problem.output.shape.n()) return std::nullopt;
  return "gives one number an image, in nchw";
}

Variant variant(Pass pass, RunFunction function, WorkspaceFunction workspace) {
  return {.name = "rows",
          .device = Device::cpu,
          .pass = pass,
          .layouts = layouts,
          .refuses = refuses,
          .prepare = stateless(function, workspace)};
}

const RegisterVariant registered_forward("total_variation", variant(Pass::forward, forward, sums_bytes));
const RegisterVariant registered_backward("total_variation",
                                          variant(Pass::backward_data, backward_data, scratch_bytes));

}  // namespace
}  // namespace convlens
