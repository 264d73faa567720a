#pragma once

#include "kernels/base/cuda/blocks.h"
#include "kernels/base/cuda/warp_tile.h"
#include "kernels/conv2d/cuda/sizes.h"

// A convolution on tensor cores in NHWC, where the channels of a pixel lie side by side: rows of the product are
// pixels, columns are channels of the result, and its depth runs over taps and, in slices of 32, over the channels
// behind each tap. A slice is read from f32 in loads of 16 bytes, rounded to T (__half or __nv_bfloat16) on its way
// into shared memory, and taken from there by ldmatrix. Sums are f32.

namespace convlens {

/// A block's tile of 128 pixels by 64 channels, made by 8 warps of 32 x 32 each.
struct PixelTile {
  static constexpr int rows = 128, columns = 64, depth = 32, threads = 256, blocks = 2;
  /// Registers of two numbers from one row of a slice to the next: 8 rows of 16 bytes, as ldmatrix reads them, then
  /// touch all 32 banks.
  static constexpr int pitch = depth / 2 + 4;
};

/// One slice of both operands in shared memory, [pixel][k] and [column][k], with two numbers in each register.
struct PixelSlices {
  uint32_t pixels[PixelTile::rows][PixelTile::pitch];
  uint32_t filters[PixelTile::columns][PixelTile::pitch];
};

/// Filters as the tile reads them, `[column][tap][channel]` in T, channels in whole slices and columns in whole tiles;
/// zeros where there are none.
struct PackedSizes {
  int columns, channels, taps;
  __host__ __device__ int slices_of_tap() const { return ceil_div(channels, PixelTile::depth); }
  __host__ __device__ int depth() const { return taps * slices_of_tap() * PixelTile::depth; }
  __host__ __device__ int64_t elements() const {
    return int64_t{ceil_div(columns, PixelTile::columns)} * PixelTile::columns * depth();
  }
};

template <class T>
__device__ void multiply_slices(const PixelSlices& slices, WarpSums& sums) {
  const int warp = threadIdx.x / 32, matrix = threadIdx.x % 32 / 8, row = threadIdx.x % 8;
  const uint32_t* a_row = &slices.pixels[warp / 2 * 32 + matrix % 2 * 8 + row][matrix / 2 * 4];
  const uint32_t* b_row = &slices.filters[warp % 2 * 32 + matrix / 2 * 8 + row][matrix % 2 * 4];
#pragma unroll
  for (int k = 0; k < PixelTile::depth; k += 16)
    multiply_warp<T>(
        a_row + k / 2, b_row + k / 2, 16 * PixelTile::pitch, 16 * PixelTile::pitch,
        [](uint32_t(&registers)[4], const uint32_t* at) { simt::ldmatrix_x4(registers, at); }, sums);
}

/// The pixels of x under the windows of one output pixel.
struct WindowOf {
  __device__ WindowOf(const ConvSizes& s, const float* x, int pixel) {
    const int q = pixel % s.out_width, p = pixel / s.out_width % s.out_height, n = pixel / s.out_width / s.out_height;
    image = x + int64_t{n} * s.height * s.width * s.in_channels;
    top = p * s.stride_y - s.pad_top;
    left = q * s.stride_x - s.pad_left;
  }
  __device__ const float* channels(const ConvSizes& s, int r, int t) const {
    const int h = top + r * s.dilation_y, v = left + t * s.dilation_x;
    if (h < 0 || h >= s.height || v < 0 || v >= s.width) return nullptr;
    return image + (int64_t{h} * s.width + v) * s.in_channels;
  }
  const float* image;
  int top, left;
};

/// The pixels of dy whose windows hold one pixel of x.
struct WindowsOver {
  __device__ WindowsOver(const ConvSizes& s, const float* grad_y, int pixel) {
    const int v = pixel % s.width, h = pixel / s.width % s.height, n = pixel / s.width / s.height;
    image = grad_y + int64_t{n} * s.out_height * s.out_width * s.out_channels;
    bottom = h + s.pad_top;
    right = v + s.pad_left;
  }
  __device__ const float* channels(const ConvSizes& s, int r, int t) const {
    const int y = bottom - r * s.dilation_y, x = right - t * s.dilation_x;
    if (y < 0 || x < 0 || y % s.stride_y != 0 || x % s.stride_x != 0) return nullptr;
    const int p = y / s.stride_y, q = x / s.stride_x;
    if (p >= s.out_height || q >= s.out_width) return nullptr;
    return image + (int64_t{p} * s.out_width + q) * s.out_channels;
  }
  const float* image;
  int bottom, right;
};

/// A thread's share of a slice of pixels: 4 channels of each of 4 pixels.
struct PixelLoads {
  static constexpr int lanes = PixelTile::depth / 4, each = 4, step = PixelTile::threads / lanes;
  static_assert(each * step == PixelTile::rows);
  float4 values[each];
};

/// Sums of the block's tile over all taps and channels. `Windows` is WindowOf or WindowsOver.
template <class T, class Windows>
__device__ void multiply_pixels(const ConvSizes& s, const float* tensor, const T* packed, const PackedSizes& sizes,
                                int pixels, WarpSums& sums) {
  alignas(16) __shared__ PixelSlices slices[2];
  const int row = staggered(threadIdx.x / PixelLoads::lanes), channel = threadIdx.x % PixelLoads::lanes * 4;
  const int column = staggered(threadIdx.x / 4), part = threadIdx.x % 4 * 8;
  const T* filter = packed + (int64_t{blockIdx.y} * PixelTile::columns + column) * sizes.depth() + part;

  const int pixel = blockIdx.x * PixelTile::rows + row;
  constexpr int step = PixelLoads::step;
  const Windows windows[] = {Windows(s, tensor, pixel), Windows(s, tensor, pixel + step),
                             Windows(s, tensor, pixel + 2 * step), Windows(s, tensor, pixel + 3 * step)};
  const auto load = [&](int slice, PixelLoads& loads) {
    const int tap = slice / sizes.slices_of_tap(), c = slice % sizes.slices_of_tap() * PixelTile::depth + channel;
#pragma unroll
    for (int i = 0; i < PixelLoads::each; ++i) {
      const bool inside = pixel + i * step < pixels && c < sizes.channels;
      const float* address = inside ? windows[i].channels(s, tap / s.kernel_width, tap % s.kernel_width) : nullptr;
      loads.values[i] = load4(address ? address + c : nullptr);
    }
  };
  const auto keep = [&](const PixelLoads& loads, PixelSlices& to) {
#pragma unroll
    for (int i = 0; i < PixelLoads::each; ++i) {
      const uint2 numbers = rounded<T>(loads.values[i]);
      *reinterpret_cast<uint2*>(&to.pixels[row + i * step][channel / 2]) = numbers;
    }
  };
  const auto send_filters = [&](int slice, PixelSlices& to) {
    __pipeline_memcpy_async(&to.filters[column][part / 2], filter + slice * PixelTile::depth, 16);
    __pipeline_commit();
  };

  const int count = sizes.depth() / PixelTile::depth;
  PixelLoads loads;
  load(0, loads);
  send_filters(0, slices[0]);
  for (int slice = 0; slice < count; ++slice) {
    PixelSlices& present = slices[slice % 2];
    keep(loads, present);
    __pipeline_wait_prior(0);
    __syncthreads();
    // The other slice was read before this barrier, so it may be written from here on.
    if (slice + 1 < count) {
      load(slice + 1, loads);
      send_filters(slice + 1, slices[(slice + 1) % 2]);
    }
    multiply_slices<T>(present, sums);
  }
}

}  // namespace convlens
