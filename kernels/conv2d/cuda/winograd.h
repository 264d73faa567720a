#pragma once

#include "kernels/base/cuda/activation.h"
#include "kernels/base/cuda/blocks.h"
#include "kernels/base/cuda/gemm_tile_vector.h"
#include "kernels/base/cuda/layouts.h"
#include "kernels/base/registry.h"
#include "kernels/conv2d/cuda/sizes.h"

// Convolution by 3 x 3 windows of stride 1 with fewer products (Winograd 1980; Lavin and Gray, "Fast Algorithms for
// Convolutional Neural Networks", 2016). A tile of m x m results needs a tile d of n x n inputs, n = m + 2:
//   Y = A^T [ (G g G^T) . (B^T d B) ] A        (. is the product of elements)
// n^2 products in place of 9 m^2. Summed over channels, each of the n^2 elements is a product of matrices of its own,
// filters x channels times channels x tiles, and these are made by the tile of gemm_tile_vector.h.
//
// Filters are transformed once, when they are packed. A run is three kernels: transform the tiles of the input into the
// workspace, multiply, transform back with bias and activation. The gradient of the input is the same with filters
// turned by 180 degrees, channels exchanged and a padding of 2 - pad.

namespace convlens {

/// The matrices of F(m x m, 3 x 3). `outputs` is A^T, `filter` is G, `inputs` is B^T.
template <int m>
struct Winograd;

template <>
struct Winograd<2> {
  static constexpr int m = 2, n = 4;
  __device__ static constexpr float inputs(int i, int j) {
    constexpr float values[n][n] = {{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}};
    return values[i][j];
  }
  __device__ static constexpr float filter(int i, int j) {
    constexpr float values[n][3] = {{1, 0, 0}, {0.5F, 0.5F, 0.5F}, {0.5F, -0.5F, 0.5F}, {0, 0, 1}};
    return values[i][j];
  }
  __device__ static constexpr float outputs(int i, int j) {
    constexpr float values[m][n] = {{1, 1, 1, 0}, {0, 1, -1, -1}};
    return values[i][j];
  }
};

template <>
struct Winograd<4> {
  static constexpr int m = 4, n = 6;
  __device__ static constexpr float inputs(int i, int j) {
    constexpr float values[n][n] = {{4, 0, -5, 0, 1, 0},  {0, -4, -4, 1, 1, 0}, {0, 4, -4, -1, 1, 0},
                                    {0, -2, -1, 2, 1, 0}, {0, 2, -1, -2, 1, 0}, {0, 4, 0, -5, 0, 1}};
    return values[i][j];
  }
  __device__ static constexpr float filter(int i, int j) {
    constexpr float values[n][3] = {{1 / 4.0F, 0, 0},
                                    {-1 / 6.0F, -1 / 6.0F, -1 / 6.0F},
                                    {-1 / 6.0F, 1 / 6.0F, -1 / 6.0F},
                                    {1 / 24.0F, 1 / 12.0F, 1 / 6.0F},
                                    {1 / 24.0F, -1 / 12.0F, 1 / 6.0F},
                                    {0, 0, 1}};
    return values[i][j];
  }
  __device__ static constexpr float outputs(int i, int j) {
    constexpr float values[m][n] = {{1, 1, 1, 1, 1, 0}, {0, 1, -1, 2, -2, 0}, {0, 1, 1, 4, 4, 0}, {0, 1, -1, 8, -8, 1}};
    return values[i][j];
  }
};

/// result = M x M^T for M of rows x columns, whose elements are `matrix(i, j)`: constants, of which the zeros cost
/// nothing once the loops are unrolled.
template <int rows, int columns, class Matrix>
__device__ void sandwich(const Matrix& matrix, const float (&x)[columns][columns], float (&result)[rows][rows]) {
  float half[rows][columns];
#pragma unroll
  for (int i = 0; i < rows; ++i)
#pragma unroll
    for (int j = 0; j < columns; ++j) {
      half[i][j] = 0.0F;
#pragma unroll
      for (int k = 0; k < columns; ++k)
        if (matrix(i, k) != 0.0F) half[i][j] += matrix(i, k) * x[k][j];
    }
#pragma unroll
  for (int i = 0; i < rows; ++i)
#pragma unroll
    for (int j = 0; j < rows; ++j) {
      result[i][j] = 0.0F;
#pragma unroll
      for (int k = 0; k < columns; ++k)
        if (matrix(j, k) != 0.0F) result[i][j] += matrix(j, k) * half[i][k];
    }
}

/// A convolution by 3 x 3 windows of stride 1 as the kernels take it, whichever pass it stands for.
struct WinogradSizes {
  int batch, channels, filters, height, width, out_height, out_width, pad_top, pad_left;
  int tiles_y, tiles_x;

  __host__ __device__ int tiles() const { return batch * tiles_y * tiles_x; }
};

/// Where a tap lies in the filters of either pass: at filter * filter_step + channel * channel_step + first_tap + tap *
/// tap_step.
struct WinogradFilters {
  int filter_step, channel_step, first_tap, tap_step;
};

// packed[element][channel][filter], filters padded with zeros to whole quads; a thread a filter and channel.
template <int m>
__global__ void __launch_bounds__(element_threads)
    winograd_filters(WinogradSizes s, WinogradFilters layout, const float* __restrict__ w, float* __restrict__ packed) {
  using F = Winograd<m>;
  const int64_t i = element_index(), pitch = quad_pitch(s.filters), elements = s.channels * pitch;
  if (i >= elements) return;
  const int64_t filter = i % pitch, channel = i / pitch;
  float g[3][3] = {}, transformed[F::n][F::n];
  const float* taps = w + filter * layout.filter_step + channel * layout.channel_step + layout.first_tap;
  if (filter < s.filters)
#pragma unroll
    for (int tap = 0; tap < 9; ++tap) g[tap / 3][tap % 3] = taps[tap * layout.tap_step];
  sandwich<F::n, 3>([](int a, int b) { return F::filter(a, b); }, g, transformed);
#pragma unroll
  for (int e = 0; e < F::n * F::n; ++e) packed[e * elements + i] = transformed[e / F::n][e % F::n];
}

// transformed[element][channel][tile], tiles padded to whole quads; a thread a tile and channel.
template <int m>
__global__ void __launch_bounds__(element_threads)
    winograd_inputs(WinogradSizes s, const float* __restrict__ x, float* __restrict__ transformed) {
  using F = Winograd<m>;
  const int64_t i = element_index(), pitch = quad_pitch(s.tiles()), elements = s.channels * pitch;
  if (i >= elements) return;
  const int tile = static_cast<int>(i % pitch), channel = static_cast<int>(i / pitch);
  const int n = tile / (s.tiles_y * s.tiles_x), top = tile / s.tiles_x % s.tiles_y * m - s.pad_top,
            left = tile % s.tiles_x * m - s.pad_left;
  float d[F::n][F::n], result[F::n][F::n];
  const float* plane = x + (int64_t{n} * s.channels + channel) * s.height * s.width;
#pragma unroll
  for (int a = 0; a < F::n; ++a)
#pragma unroll
    for (int b = 0; b < F::n; ++b) {
      const int h = top + a, v = left + b;
      const bool inside = tile < s.tiles() && h >= 0 && h < s.height && v >= 0 && v < s.width;
      d[a][b] = inside ? plane[int64_t{h} * s.width + v] : 0.0F;
    }
  sandwich<F::n, F::n>([](int a, int b) { return F::inputs(a, b); }, d, result);
#pragma unroll
  for (int e = 0; e < F::n * F::n; ++e) transformed[e * elements + i] = result[e / F::n][e % F::n];
}

// products[element][filter][tile] = sum over channels; blockIdx.z is the element.
template <int m>
__global__ void __launch_bounds__(GemmTile::threads, GemmTile::blocks)
    winograd_products(WinogradSizes s, const float* __restrict__ packed, const float* __restrict__ transformed,
                      float* __restrict__ products) {
  const int64_t element = blockIdx.z, filters = quad_pitch(s.filters), tiles = quad_pitch(s.tiles());
  float* result = products + element * s.filters * tiles;
  gemm_tile_vector_to({packed + element * s.channels * filters, filters},
                      {transformed + element * s.channels * tiles, tiles}, s.filters, s.tiles(), s.channels,
                      blockIdx.y * GemmTile::size, blockIdx.x * GemmTile::size,
                      [&](int filter, int tile, float sum) { result[filter * tiles + tile] = sum; });
}

// A thread a tile and filter.
template <int m>
__global__ void __launch_bounds__(element_threads)
    winograd_outputs(WinogradSizes s, const float* __restrict__ products, const float* __restrict__ bias,
                     float* __restrict__ y, ActivationLimits activation) {
  using F = Winograd<m>;
  const int64_t i = element_index(), pitch = quad_pitch(s.tiles());
  const int tile = static_cast<int>(i % pitch), filter = static_cast<int>(i / pitch);
  if (filter >= s.filters || tile >= s.tiles()) return;
  float product[F::n][F::n], result[m][m];
#pragma unroll
  for (int e = 0; e < F::n * F::n; ++e) product[e / F::n][e % F::n] = products[e * s.filters * pitch + i];
  sandwich<m, F::n>([](int a, int b) { return F::outputs(a, b); }, product, result);
  const int n = tile / (s.tiles_y * s.tiles_x), p = tile / s.tiles_x % s.tiles_y * m, q = tile % s.tiles_x * m;
  float* plane = y + (int64_t{n} * s.filters + filter) * s.out_height * s.out_width;
  const float shift = bias ? bias[filter] : 0.0F;
#pragma unroll
  for (int a = 0; a < m; ++a)
#pragma unroll
    for (int b = 0; b < m; ++b)
      if (p + a < s.out_height && q + b < s.out_width)
        plane[int64_t{p + a} * s.out_width + q + b] = activation(result[a][b] + shift);
}

/// The sizes of a pass, forward or backward to the data.
template <int m>
WinogradSizes winograd_sizes(const Problem& problem, Pass pass) {
  const ConvSizes s = conv_sizes(problem);
  const auto tiles = [](int extent) { return ceil_div(extent, m); };
  if (pass == Pass::forward)
    return {s.batch,   s.in_channels, s.out_channels,      s.height,          s.width, s.out_height, s.out_width,
            s.pad_top, s.pad_left,    tiles(s.out_height), tiles(s.out_width)};
  return {s.batch, s.out_channels, s.in_channels,  s.out_height,    s.out_width,   s.height,
          s.width, 2 - s.pad_top,  2 - s.pad_left, tiles(s.height), tiles(s.width)};
}

template <int m>
class WinogradKernel final : public Kernel {
  using F = Winograd<m>;
  static constexpr int elements = F::n * F::n;

 public:
  WinogradKernel(const Problem& problem, Pass pass)
      : s_(winograd_sizes<m>(problem, pass)), pass_(pass), activation_(activation_limits(problem.activation)) {}

  size_t workspace() const override { return sizeof(float) * static_cast<size_t>(transformed() + products()); }
  size_t packed_bytes() const override { return sizeof(float) * static_cast<size_t>(elements * filter_threads()); }

  void pack(std::span<const TensorView> weights, std::byte* packed) override {
    const WinogradFilters layout =
        pass_ == Pass::forward ? WinogradFilters{9 * s_.channels, 9, 0, 1} : WinogradFilters{9, 9 * s_.filters, 8, -1};
    simt::launch(one_thread_each(filter_threads()), winograd_filters<m>, s_, layout, weights[0].f32(),
                 reinterpret_cast<float*>(packed));
  }

  void run(const Arguments& args) override {
    const bool forward = pass_ == Pass::forward;
    const float* bias = forward && args.weights.size() > 1 ? args.weights[1].f32() : nullptr;
    auto* transformed_inputs = reinterpret_cast<float*>(args.workspace);
    float* product = transformed_inputs + transformed();
    simt::launch(one_thread_each(s_.channels * tile_pitch()), winograd_inputs<m>, s_,
                 forward ? args.inputs[0].f32() : args.grad_output.f32(), transformed_inputs);
    simt::launch(
        {.grid = dim3(gemm_tiles(s_.tiles()), gemm_tiles(s_.filters), elements), .block = dim3(GemmTile::threads)},
        winograd_products<m>, s_, reinterpret_cast<const float*>(args.packed), transformed_inputs, product);
    simt::launch(one_thread_each(s_.filters * tile_pitch()), winograd_outputs<m>, s_, product, bias,
                 forward ? args.output.f32() : args.grad_inputs[0].f32(), activation_);
  }

 private:
  int64_t tile_pitch() const { return quad_pitch(s_.tiles()); }
  int64_t filter_threads() const { return s_.channels * quad_pitch(s_.filters); }
  int64_t transformed() const { return elements * s_.channels * tile_pitch(); }
  int64_t products() const { return elements * s_.filters * tile_pitch(); }

  WinogradSizes s_;
  Pass pass_;
  ActivationLimits activation_;
};

inline std::optional<std::string> refuses_winograd(const Problem& problem) {
  const ConvSizes s = conv_sizes(problem);
  if (s.kernel_height != 3 || s.kernel_width != 3) return "needs 3 x 3 windows";
  if (s.stride_y != 1 || s.stride_x != 1 || s.dilation_y != 1 || s.dilation_x != 1)
    return "needs stride and dilation 1";
  if (s.group_in != s.in_channels) return "needs one group";
  return std::nullopt;
}

/// The variant of a pass. No GPU has timed it against the other rungs, so it is taken only when it is named.
template <int m>
Variant winograd_rung(std::string name, Pass pass) {
  return {.name = std::move(name),
          .device = simt::device,
          .pass = pass,
          .priority = 0,
          .fuses_activation = pass == Pass::forward,
          .layouts = in_nchw,
          .refuses = refuses_winograd,
          .prepare = [pass](const Problem& problem) { return std::make_unique<WinogradKernel<m>>(problem, pass); }};
}

}  // namespace convlens
