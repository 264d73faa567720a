// For a stretch of an output row, where it looks and with which shares is worked out once, as one vectorised loop, and
// used for all channels. Backward adds the same shares to the rows of a band of the image, band by band: each looks
// only at the part of every output row that it is shown in, always in the same order.

#include <algorithm>
#include <array>
#include <cmath>

#include "kernels/affine/affine.h"
#include "kernels/base/cpu/channel_strips.h"
#include "kernels/base/cpu/parallel.h"
#include "kernels/base/registry.h"

namespace convlens {
namespace {

constexpr int64_t stretch = 64, band_rows = 8;

// Of the two pixels of a cell: their shares in the value between them, or how these grow.
struct Shares {
  float low, high;
};
Shares interpolation(const AxisCell& cell) { return {1.0F - cell.fraction, cell.fraction}; }
Shares slopes(const AxisCell&) { return {-1.0F, 1.0F}; }

// Of the outputs (p, first .. first + count): the four pixels that each shows, with their shares. Rows that are not of
// `rows`, and columns that are none, have share 0 and stand for the nearest that is.
struct Taps {
  template <class OfRow, class OfColumn>
  void set(const AffineMap& map, const Shape& x, IndexRange rows, int64_t p, IndexRange columns, const OfRow& of_row,
           const OfColumn& of_column) {
    const int height = static_cast<int>(x.h()), width = static_cast<int>(x.w());
    const int top = static_cast<int>(rows.begin), bottom = static_cast<int>(rows.end - 1);
    count = static_cast<int>(columns.size());
#pragma omp simd
    for (int i = 0; i < count; ++i) {
      const auto q = static_cast<double>(columns.begin + i), row = static_cast<double>(p);
      const AxisCell h(map.v(row, q), height), w(map.u(row, q), width);
      const Shares by_h = of_row(h), by_w = of_column(w);
      const int h0 = std::clamp(h.low, top, bottom), h1 = std::clamp(h.low + 1, top, bottom);
      const int w0 = std::clamp(w.low, 0, width - 1), w1 = std::clamp(w.low + 1, 0, width - 1);
      const float upper = h0 == h.low ? by_h.low : 0.0F, lower = h1 == h.low + 1 ? by_h.high : 0.0F;
      const float left = w0 == w.low ? by_w.low : 0.0F, right = w1 == w.low + 1 ? by_w.high : 0.0F;
      pixels[0][i] = h0 * width + w0;
      pixels[1][i] = h0 * width + w1;
      pixels[2][i] = h1 * width + w0;
      pixels[3][i] = h1 * width + w1;
      shares[0][i] = upper * left;
      shares[1][i] = upper * right;
      shares[2][i] = lower * left;
      shares[3][i] = lower * right;
    }
  }

  int count = 0;
  int32_t pixels[4][stretch];
  float shares[4][stretch];
};

AffineMap map_of(const TensorView& matrices, const Shape& x, int64_t n) {
  return {matrices.f32() + matrices.desc.offset(n, 0, 0, 0), x.h(), x.w()};
}

// Calls body(columns) for the stretches of [begin, end).
template <class Body>
void for_each_stretch(IndexRange columns, const Body& body) {
  for (int64_t q = columns.begin; q < columns.end; q += stretch)
    body(IndexRange{q, std::min(q + stretch, columns.end)});
}

// y[i] = what the taps see of the block of channels `x`.
void interpolate(const Taps& taps, const float* x, int64_t block, float* y) {
  if (block == 1) {
#pragma omp simd
    for (int i = 0; i < taps.count; ++i) {
      float sum = 0;
      for (int k = 0; k < 4; ++k) sum += taps.shares[k][i] * x[taps.pixels[k][i]];
      y[i] = sum;
    }
    return;
  }
  for (int i = 0; i < taps.count; ++i) {
    const float* of_tap[4];
    for (int k = 0; k < 4; ++k) of_tap[k] = x + taps.pixels[k][i] * block;
#pragma omp simd
    for (int64_t c = 0; c < block; ++c)
      y[i * block + c] = taps.shares[0][i] * of_tap[0][c] + taps.shares[1][i] * of_tap[1][c] +
                         taps.shares[2][i] * of_tap[2][c] + taps.shares[3][i] * of_tap[3][c];
  }
}

// The transpose of interpolate(), added to what is there.
void distribute(const Taps& taps, const float* y, int64_t block, float* x) {
  for (int i = 0; i < taps.count; ++i)
    for (int k = 0; k < 4; ++k) {
      float* to = x + taps.pixels[k][i] * block;
      const float share = taps.shares[k][i];
#pragma omp simd
      for (int64_t c = 0; c < block; ++c) to[c] += share * y[i * block + c];
    }
}

void forward(const Problem& problem, const Arguments& args) {
  const Shape& shape = problem.output.shape;
  const BlockedExtents e(problem.output);
  const int64_t plane = e.h * e.w * e.block;
  parallel_for(e.n * e.h, [&](int64_t k) {
    const int64_t n = k / e.h, p = k % e.h;
    const AffineMap map = map_of(args.inputs[1], shape, n);
    Taps taps;
    for_each_stretch({0, e.w}, [&](IndexRange columns) {
      taps.set(map, shape, {0, e.h}, p, columns, interpolation, interpolation);
      for (int64_t b = n * e.blocks; b < (n + 1) * e.blocks; ++b)
        interpolate(taps, args.inputs[0].f32() + b * plane, e.block,
                    args.output.f32() + b * plane + (p * e.w + columns.begin) * e.block);
    });
  });
}

// The columns q of output row p that may show one of the rows: those where v(p, q) lies less than 1 from them.
IndexRange columns_that_show(const AffineMap& map, IndexRange rows, int64_t p, int64_t width) {
  const double first = map.v(static_cast<double>(p), 0);
  const double above = static_cast<double>(rows.begin) - 1 - first, below = static_cast<double>(rows.end) - first;
  if (map.d == 0) return above < 0 && 0 < below ? IndexRange{0, width} : IndexRange{};
  const auto [low, high] = std::minmax({above / map.d, below / map.d});
  const auto end = static_cast<double>(width);
  // A pixel more at either end is safe from rounding.
  return {static_cast<int64_t>(std::clamp(std::floor(low) - 1, 0.0, end)),
          static_cast<int64_t>(std::clamp(std::ceil(high) + 2, 0.0, end))};
}

void backward_image(const Problem& problem, const Arguments& args) {
  const Shape& shape = problem.output.shape;
  const BlockedExtents e(problem.output);
  const int64_t plane = e.h * e.w * e.block, bands = (e.h + band_rows - 1) / band_rows;
  parallel_for(e.n * bands, [&](int64_t k) {
    const int64_t n = k / bands, first = k % bands * band_rows;
    const IndexRange rows{first, std::min(first + band_rows, e.h)};
    const AffineMap map = map_of(args.inputs[1], shape, n);
    for (int64_t b = n * e.blocks; b < (n + 1) * e.blocks; ++b)
      std::fill_n(args.grad_inputs[0].f32() + b * plane + first * e.w * e.block, rows.size() * e.w * e.block, 0.0F);
    Taps taps;
    for (int64_t p = 0; p < e.h; ++p)
      for_each_stretch(columns_that_show(map, rows, p, e.w), [&](IndexRange columns) {
        taps.set(map, shape, rows, p, columns, interpolation, interpolation);
        for (int64_t b = n * e.blocks; b < (n + 1) * e.blocks; ++b)
          distribute(taps, args.grad_output.f32() + b * plane + (p * e.w + columns.begin) * e.block, e.block,
                     args.grad_inputs[0].f32() + b * plane);
      });
  });
}

using MatrixGradient = std::array<double, 6>;

size_t rows_bytes(const Problem& problem) {
  return static_cast<size_t>(problem.output.shape.n() * problem.output.shape.h()) * sizeof(MatrixGradient);
}

// sums[i] += what the taps see of the block of channels `x`, times that block of dL/dy.
void add_products(const Taps& taps, const float* x, const float* grad_y, int64_t block, double* sums) {
  if (block == 1) {
#pragma omp simd
    for (int i = 0; i < taps.count; ++i) {
      double seen = 0;
      for (int k = 0; k < 4; ++k)
        seen += static_cast<double>(taps.shares[k][i]) * static_cast<double>(x[taps.pixels[k][i]]);
      sums[i] += seen * static_cast<double>(grad_y[i]);
    }
    return;
  }
  for (int i = 0; i < taps.count; ++i)
    for (int k = 0; k < 4; ++k) {
      const float *of_tap = x + taps.pixels[k][i] * block, *g = grad_y + i * block;
      double sum = 0;
#pragma omp simd reduction(+ : sum)
      for (int64_t c = 0; c < block; ++c) sum += static_cast<double>(of_tap[c]) * static_cast<double>(g[c]);
      sums[i] += taps.shares[k][i] * sum;
    }
}

MatrixGradient gradient_of_row(const Problem& problem, const Arguments& args, int64_t n, int64_t p) {
  const Shape& shape = problem.output.shape;
  const BlockedExtents e(problem.output);
  const int64_t plane = e.h * e.w * e.block, image = n * e.blocks * plane;
  const AffineMap map = map_of(args.inputs[1], shape, n);
  const double y = static_cast<double>(p) - AffineMap::middle(e.h);
  MatrixGradient gradient{};
  Taps by_u, by_v;
  for_each_stretch({0, e.w}, [&](IndexRange columns) {
    by_u.set(map, shape, {0, e.h}, p, columns, interpolation, slopes);
    by_v.set(map, shape, {0, e.h}, p, columns, slopes, interpolation);
    const float* grad_y = args.grad_output.f32() + image + (p * e.w + columns.begin) * e.block;
    double u[stretch]{}, v[stretch]{};  // dL/du and dL/dv
    for (int64_t b = 0; b < e.blocks; ++b) {
      const float* x = args.inputs[0].f32() + image + b * plane;
      add_products(by_u, x, grad_y + b * plane, e.block, u);
      add_products(by_v, x, grad_y + b * plane, e.block, v);
    }
    for (int i = 0; i < by_u.count; ++i) {
      const double x = static_cast<double>(columns.begin + i) - AffineMap::middle(e.w);
      const MatrixGradient own{u[i] * x, u[i] * y, u[i], v[i] * x, v[i] * y, v[i]};
      for (size_t k = 0; k < own.size(); ++k) gradient[k] += own[k];
    }
  });
  return gradient;
}

void backward_matrix(const Problem& problem, const Arguments& args) {
  const Shape& shape = problem.output.shape;
  auto* rows = reinterpret_cast<MatrixGradient*>(args.workspace);
  parallel_for(shape.n() * shape.h(),
               [&](int64_t k) { rows[k] = gradient_of_row(problem, args, k / shape.h(), k % shape.h()); });
  const TensorView& gradient = args.grad_inputs[1];
  for (int64_t n = 0; n < shape.n(); ++n)
    for (size_t i = 0; i < 6; ++i) {
      double sum = 0;
      for (int64_t p = 0; p < shape.h(); ++p) sum += rows[n * shape.h() + p][i];
      gradient.f32()[gradient.desc.offset(n, static_cast<int64_t>(i), 0, 0)] = static_cast<float>(sum);
    }
  zero_padding_channels(gradient);
}

void backward_data(const Problem& problem, const Arguments& args) {
  if (args.grad_inputs[0]) backward_image(problem, args);
  if (args.grad_inputs[1]) backward_matrix(problem, args);
}

const RegisterVariant registered_forward(
    "affine", {.name = "row_taps", .device = Device::cpu, .pass = Pass::forward, .prepare = stateless(forward)});
const RegisterVariant registered_backward("affine", {.name = "row_taps",
                                                     .device = Device::cpu,
                                                     .pass = Pass::backward_data,
                                                     .prepare = stateless(backward_data, rows_bytes)});

}  // namespace
}  // namespace convlens
