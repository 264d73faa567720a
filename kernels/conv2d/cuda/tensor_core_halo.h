#pragma once

#include "kernels/base/cuda/activation.h"
#include "kernels/base/cuda/layouts.h"
#include "kernels/base/registry.h"
#include "kernels/conv2d/cuda/tensor_core_filters.h"

// 3 x 3 windows of stride 1 on tensor cores in NHWC. tensor_core_nhwc.h brings every number of x into shared memory
// once a tap; here a block of 8 x 16 pixels takes the 10 x 18 under its windows once for 32 channels, and its nine
// products read their rows from there, each a pixel further: ldmatrix takes the address of every row by itself. Only
// filters still come tap by tap. The next 32 channels arrive in six of the nine steps, a load of 16 bytes a thread in
// each.

namespace convlens {

struct HaloPixels {
  static constexpr int window = 3, taps = window * window;
  static constexpr int rows = 8, columns = 16;  // of a block's tile: the pixels of a PixelTile
  static constexpr int height = rows + window - 1, width = columns + window - 1, pixels = height * width;
  static constexpr int lanes = PixelTile::depth / 4;       // that bring a pixel's channels
  static constexpr int step = PixelTile::threads / lanes;  // pixels that a block brings in one load
  static constexpr int loads = (pixels + step - 1) / step;
};
static_assert(HaloPixels::rows * HaloPixels::columns == PixelTile::rows && HaloPixels::loads <= HaloPixels::taps);

/// Channels of the pixels under a block's windows, [pixel][k], with two numbers in each register.
using HaloChannels = uint32_t[HaloPixels::pixels][PixelTile::pitch];
using TapFilters = uint32_t[PixelTile::columns][PixelTile::pitch];

/// What is convolved, and which pixel of the halo a tap reads for the tile's first pixel: first + r * down + t * right.
struct HaloWalk {
  int height, width, out_height, out_width;
  int pad_top, pad_left;
  int first, down, right;

  static HaloWalk of(const ConvSizes& s, Pass pass) {
    constexpr int last = HaloPixels::window - 1;
    if (pass == Pass::forward)
      return {s.height, s.width, s.out_height, s.out_width, s.pad_top, s.pad_left, 0, HaloPixels::width, 1};
    // dx at h takes dy at h + pad - r.
    return {s.out_height,
            s.out_width,
            s.height,
            s.width,
            last - s.pad_top,
            last - s.pad_left,
            last * HaloPixels::width + last,
            -HaloPixels::width,
            -1};
  }
  __host__ __device__ int tiles_x() const { return ceil_div(out_width, HaloPixels::columns); }
  __host__ __device__ int tiles() const { return tiles_x() * ceil_div(out_height, HaloPixels::rows); }
  __device__ int first_row() const { return static_cast<int>(blockIdx.x) / tiles_x() * HaloPixels::rows; }
  __device__ int first_column() const { return static_cast<int>(blockIdx.x) % tiles_x() * HaloPixels::columns; }
};

/// Adds one tap's products of 32 channels. `halo` begins at the pixel that the tap reads for the tile's first.
template <class T>
__device__ void multiply_tap(const uint32_t (*halo)[PixelTile::pitch], const TapFilters& filters, WarpSums& sums) {
  const int warp = threadIdx.x / 32, matrix = threadIdx.x % 32 / 8, row = threadIdx.x % 8;
  // Of the warp's 32 pixels, two rows of 16, ldmatrix takes the first row, then the second.
  const uint32_t* a_row = &halo[warp / 2 * 2 * HaloPixels::width + matrix % 2 * 8 + row][matrix / 2 * 4];
  const uint32_t* b_row = &filters[warp % 2 * 32 + matrix / 2 * 8 + row][matrix % 2 * 4];
#pragma unroll
  for (int k = 0; k < PixelTile::depth; k += 16)
    multiply_warp<T>(
        a_row + k / 2, b_row + k / 2, HaloPixels::width * PixelTile::pitch, 16 * PixelTile::pitch,
        [](uint32_t(&registers)[4], const uint32_t* at) { simt::ldmatrix_x4(registers, at); }, sums);
}

/// Sums of the block's tile over all taps and channels. `image` is one image of `sizes.channels`.
template <class T>
__device__ void multiply_halo(const HaloWalk& walk, const float* image, const T* packed, const PackedSizes& sizes,
                              WarpSums& sums) {
  alignas(16) __shared__ HaloChannels halo[2];
  alignas(16) __shared__ TapFilters filters[2];
  const int channel = threadIdx.x % HaloPixels::lanes * 4;
  const int top = walk.first_row() - walk.pad_top, left = walk.first_column() - walk.pad_left;
  const auto pixel_of = [](int load) { return staggered(load * HaloPixels::step + threadIdx.x / HaloPixels::lanes); };
  const auto load = [&](int which, int slice) {
    const int pixel = pixel_of(which), h = top + pixel / HaloPixels::width, v = left + pixel % HaloPixels::width,
              c = slice * PixelTile::depth + channel;
    const bool inside =
        pixel < HaloPixels::pixels && h >= 0 && h < walk.height && v >= 0 && v < walk.width && c < sizes.channels;
    return load4(inside ? image + (int64_t{h} * walk.width + v) * sizes.channels + c : nullptr);
  };
  const auto keep = [&](int which, float4 values, HaloChannels& to) {
    const int pixel = pixel_of(which);
    const uint2 numbers = rounded<T>(values);
    if (pixel < HaloPixels::pixels) *reinterpret_cast<uint2*>(&to[pixel][channel / 2]) = numbers;
  };
  const int column = staggered(threadIdx.x / 4), part = threadIdx.x % 4 * 8, slices = sizes.slices_of_tap();
  const T* filter = packed + (int64_t{blockIdx.y} * PixelTile::columns + column) * sizes.depth() + part;
  const auto send_filters = [&](int tap, int slice, TapFilters& to) {
    __pipeline_memcpy_async(&to[column][part / 2], filter + (tap * slices + slice) * PixelTile::depth, 16);
    __pipeline_commit();
  };

#pragma unroll 1
  for (int which = 0; which < HaloPixels::loads; ++which) keep(which, load(which, 0), halo[0]);
  send_filters(0, 0, filters[0]);
  for (int slice = 0, slot = 0; slice < slices; ++slice) {
#pragma unroll 1
    for (int tap = 0; tap < HaloPixels::taps; ++tap, slot ^= 1) {
      __pipeline_wait_prior(0);
      __syncthreads();
      // What the last step read may be written from here on.
      const bool last = tap + 1 == HaloPixels::taps, loads = tap < HaloPixels::loads && slice + 1 < slices;
      if (!last || slice + 1 < slices) send_filters(last ? 0 : tap + 1, last ? slice + 1 : slice, filters[slot ^ 1]);
      float4 coming = {};
      if (loads) coming = load(tap, slice + 1);
      multiply_tap<T>(
          halo[slice % 2] + walk.first + tap / HaloPixels::window * walk.down + tap % HaloPixels::window * walk.right,
          filters[slot], sums);
      if (loads) keep(tap, coming, halo[(slice + 1) % 2]);
    }
  }
}

template <class T>
__global__ void __launch_bounds__(PixelTile::threads, PixelTile::blocks)
    convolve_halo(HaloWalk walk, PackedSizes sizes, const float* __restrict__ x, const T* __restrict__ packed,
                  const float* __restrict__ bias, float* __restrict__ y, ActivationLimits activation) {
  const int64_t n = blockIdx.z;
  const int warp = threadIdx.x / 32, first_row = walk.first_row(), first_column = walk.first_column();
  float* result = y + n * walk.out_height * walk.out_width * sizes.columns;
  WarpSums sums = {};
  multiply_halo<T>(walk, x + n * walk.height * walk.width * sizes.channels, packed, sizes, sums);
  store_pairs(sums, warp / 2 * 32, blockIdx.y * PixelTile::columns + warp % 2 * 32,
              [&](int pixel, int o, float left, float right) {
                const int p = first_row + pixel / HaloPixels::columns, q = first_column + pixel % HaloPixels::columns;
                if (p >= walk.out_height || q >= walk.out_width || o >= sizes.columns) return;
                const float2 shift = bias ? *reinterpret_cast<const float2*>(bias + o) : make_float2(0.0F, 0.0F);
                *reinterpret_cast<float2*>(result + (int64_t{p} * walk.out_width + q) * sizes.columns + o) =
                    make_float2(activation(left + shift.x), activation(right + shift.y));
              });
}

template <class T>
class HaloOnTensorCores final : public PackedFiltersKernel<T> {
 public:
  HaloOnTensorCores(const Problem& problem, Pass pass)
      : PackedFiltersKernel<T>(problem, pass), activation_(activation_limits(problem.activation)) {}

  void run(const Arguments& args) override {
    if (this->pass_ == Pass::forward)
      convolve(args.inputs[0].f32(), args.packed, args.weights.size() > 1 ? args.weights[1].f32() : nullptr,
               args.output.f32(), activation_);
    else
      convolve(args.grad_output.f32(), args.packed, nullptr, args.grad_inputs[0].f32(), {});
  }

 private:
  void convolve(const float* x, const std::byte* packed, const float* bias, float* y, ActivationLimits activation) {
    const HaloWalk walk = HaloWalk::of(this->sizes_, this->pass_);
    const PackedSizes sizes = this->packed_sizes();
    simt::launch({.grid = dim3(static_cast<unsigned>(walk.tiles()),
                               static_cast<unsigned>(ceil_div(sizes.columns, PixelTile::columns)),
                               static_cast<unsigned>(this->sizes_.batch)),
                  .block = dim3(PixelTile::threads)},
                 convolve_halo<T>, walk, sizes, x, reinterpret_cast<const T*>(packed), bias, y, activation);
  }

  ActivationLimits activation_;
};

/// The variant of a pass, taken only when it is named, as T has fewer digits than f32.
template <class T>
Variant tensor_core_halo_rung(std::string name, Pass pass, double relative_error) {
  return {.name = std::move(name),
          .device = simt::device,
          .pass = pass,
          .priority = 0,
          .fuses_activation = pass == Pass::forward,
          .relative_error = relative_error,
          .layouts = in_nhwc,
          .refuses = [](const Problem& problem) -> std::optional<std::string> {
            if (auto reason = refuses_on_tensor_cores(problem)) return reason;
            return refuses_as_halo(conv_sizes(problem));
          },
          .prepare = [pass](const Problem& problem) { return std::make_unique<HaloOnTensorCores<T>>(problem, pass); }};
}

}  // namespace convlens
