// The channels of one pixel (NHWC, blocked layouts) or of some neighbouring pixels (NCHW) are copied into one row that
// stays in the cache, channel after channel. There a window's sum is a sum of `size` shifted rows, whatever the layout
// was, and every loop works on neighbouring numbers. No reorder is needed before or after.

#include <algorithm>
#include <cmath>

#include "kernels/base/cpu/parallel.h"
#include "kernels/base/cpu/pixel_tiles.h"
#include "kernels/base/registry.h"
#include "kernels/lrn/lrn.h"

namespace convlens {
namespace {

constexpr int64_t shares = 64;  // pieces into which the work is cut, each with scratch memory of its own
constexpr int64_t run = 16;     // neighbouring pixels taken at once in NCHW

// s^-beta; the usual exponent takes two square roots.
struct ThreeQuarters {
  float operator()(float s) const { return 1.0F / (std::sqrt(s) * std::sqrt(std::sqrt(s))); }
};
struct AnyPower {
  float beta;
  float operator()(float s) const { return std::pow(s, -beta); }
};

// Rows of one share: `elements` numbers each, channel after channel, with room for the window on both sides.
struct Rows {
  Rows(const Problem& problem, std::byte* workspace, int64_t share)
      : p(problem.params_as<LrnParams>()),
        row(row_elements(problem)),
        x(reinterpret_cast<float*>(workspace) + share * count * row),
        grad(x + row),
        padded(x + 2 * row),
        power(x + 3 * row),
        result(x + 4 * row) {}

  static int64_t row_elements(const Problem& problem) {
    const int64_t pixels = PixelTiles(problem.output, run).largest_row_pixels();
    return (problem.output.shape.c() + problem.params_as<LrnParams>().size) * pixels;
  }

  const LrnParams& p;
  static constexpr int64_t count = 5;
  int64_t row;
  float *x, *grad, *padded, *power, *result;
};

size_t workspace(const Problem& problem) {
  return static_cast<size_t>(shares * Rows::count * Rows::row_elements(problem)) * sizeof(float);
}

void gather(const PixelTile& tile, const float* from, float* row) {
  for (int64_t r = 0; r < tile.rows; ++r)
    std::copy_n(from + tile.offset + r * tile.row_step, tile.length_of(r), row + r * tile.length);
}

void scatter(const PixelTile& tile, const float* row, float* to) {
  for (int64_t r = 0; r < tile.rows; ++r) {
    float* end = std::copy_n(row + r * tile.length, tile.length_of(r), to + tile.offset + r * tile.row_step);
    if (tile.channels_inside) std::fill_n(end, tile.stored - tile.length_of(r), 0.0F);
  }
}

// sum[e] = values[e] + ... + values[e + (size - 1) * pixels]
void window_sums(const float* values, int64_t size, int64_t pixels, float* sum, int64_t elements) {
  std::copy_n(values, elements, sum);
  for (int64_t j = 1; j < size; ++j) {
    const float* shifted = values + j * pixels;
#pragma omp simd
    for (int64_t e = 0; e < elements; ++e) sum[e] += shifted[e];
  }
}

// rows.result = s, for rows.x
void denominators(const Rows& rows, int64_t pixels, int64_t elements) {
  const int64_t before = rows.p.before() * pixels, after = rows.p.after() * pixels;
  std::fill_n(rows.padded, before, 0.0F);
#pragma omp simd
  for (int64_t e = 0; e < elements; ++e) rows.padded[before + e] = rows.x[e] * rows.x[e];
  std::fill_n(rows.padded + before + elements, after, 0.0F);
  window_sums(rows.padded, rows.p.size, pixels, rows.result, elements);
  const float k = static_cast<float>(rows.p.k),
              factor = static_cast<float>(rows.p.alpha / static_cast<double>(rows.p.size));
#pragma omp simd
  for (int64_t e = 0; e < elements; ++e) rows.result[e] = k + factor * rows.result[e];
}

template <class Power>
void forward_tile(const Rows& rows, const Power& power, int64_t pixels, int64_t elements) {
  denominators(rows, pixels, elements);
#pragma omp simd
  for (int64_t e = 0; e < elements; ++e) rows.result[e] = rows.x[e] * power(rows.result[e]);
}

template <class Power>
void backward_tile(const Rows& rows, const Power& power, int64_t pixels, int64_t elements) {
  denominators(rows, pixels, elements);
  // The windows that hold a channel are those of its neighbours, with before and after exchanged.
  const int64_t before = rows.p.after() * pixels, after = rows.p.before() * pixels;
  std::fill_n(rows.padded, before, 0.0F);
#pragma omp simd
  for (int64_t e = 0; e < elements; ++e) {
    rows.power[e] = power(rows.result[e]);
    rows.padded[before + e] = rows.x[e] * rows.power[e] / rows.result[e] * rows.grad[e];
  }
  std::fill_n(rows.padded + before + elements, after, 0.0F);
  window_sums(rows.padded, rows.p.size, pixels, rows.result, elements);
  const float factor = static_cast<float>(2 * rows.p.alpha * rows.p.beta / static_cast<double>(rows.p.size));
#pragma omp simd
  for (int64_t e = 0; e < elements; ++e)
    rows.result[e] = rows.power[e] * rows.grad[e] - factor * rows.x[e] * rows.result[e];
}

// Calls body(tile, rows) for every tile, with rows that no other thread uses.
template <class Body>
void for_each_tile(const Problem& problem, std::byte* workspace, const Body& body) {
  const PixelTiles tiles(problem.output, run);
  parallel_for(shares, [&](int64_t share) {
    const Rows rows(problem, workspace, share);
    for (int64_t t = tiles.count() * share / shares; t < tiles.count() * (share + 1) / shares; ++t)
      body(tiles[t], rows);
  });
}

template <class Body>
void with_power(const LrnParams& p, const Body& body) {
  if (p.beta == 0.75) return body(ThreeQuarters{});
  body(AnyPower{static_cast<float>(p.beta)});
}

void forward(const Problem& problem, const Arguments& args) {
  with_power(problem.params_as<LrnParams>(), [&](const auto& power) {
    for_each_tile(problem, args.workspace, [&](const PixelTile& tile, const Rows& rows) {
      gather(tile, args.inputs[0].f32(), rows.x);
      forward_tile(rows, power, tile.pixels(), problem.output.shape.c() * tile.pixels());
      scatter(tile, rows.result, args.output.f32());
    });
  });
}

void backward_data(const Problem& problem, const Arguments& args) {
  with_power(problem.params_as<LrnParams>(), [&](const auto& power) {
    for_each_tile(problem, args.workspace, [&](const PixelTile& tile, const Rows& rows) {
      gather(tile, args.inputs[0].f32(), rows.x);
      gather(tile, args.grad_output.f32(), rows.grad);
      backward_tile(rows, power, tile.pixels(), problem.output.shape.c() * tile.pixels());
      scatter(tile, rows.result, args.grad_inputs[0].f32());
    });
  });
}

const RegisterVariant registered_forward("lrn", {.name = "channel_rows",
                                                 .device = Device::cpu,
                                                 .pass = Pass::forward,
                                                 .prepare = stateless(forward, workspace)});
const RegisterVariant registered_backward("lrn", {.name = "channel_rows",
                                                  .device = Device::cpu,
                                                  .pass = Pass::backward_data,
                                                  .prepare = stateless(backward_data, workspace)});

}  // namespace
}  // namespace convlens
