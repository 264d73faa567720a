#pragma once

#include "kernels/base/cuda/blocks.h"
#include "kernels/base/cuda/parts.h"
#include "kernels/conv2d/cuda/tensor_core_nhwc.h"

// The gradient of the filters on tensor cores in NHWC: for each tap a product of dy and x over all pixels,
//   dw[o, i, tap] = sum over (n,p,q) of dy[(n,p,q), o] x[pixel under tap, i].
// Here the depth runs over pixels, across which both lie as [k][row]: ldmatrix transposes them. There are few results
// and many pixels, so these are cut into parts, whose sums go to the workspace; a second kernel adds them up in order,
// and the result does not depend on who was first.

namespace convlens {

/// A block's tile: 64 filters by 64 channels of one tap, made by 4 warps, in slices of 32 pixels.
struct TapTile {
  static constexpr int size = 64, depth = 32, threads = 128, blocks = 3;
  static constexpr int pitch = size / 2 + 4;  ///< registers of two numbers from one k to the next
};

struct TapSlices {
  uint32_t gradients[TapTile::depth][TapTile::pitch];
  uint32_t channels[TapTile::depth][TapTile::pitch];
};

/// Into how many parts the pixels are cut.
inline int pixel_parts(const ConvSizes& s) {
  const auto tiles = [](int extent) { return int64_t{ceil_div(extent, TapTile::size)}; };
  return parts_of(tiles(s.in_channels) * tiles(s.out_channels) * s.kernel_height * s.kernel_width,
                  ceil_div(s.batch * s.out_height * s.out_width, TapTile::depth));
}

/// A thread's share of a slice of 32 pixels by 64 channels: 4 channels of each of 4 pixels.
struct TapLoads {
  static constexpr int lanes = TapTile::size / 4, each = 4, step = TapTile::threads / lanes;
  static_assert(each * step == TapTile::depth);
  float4 values[each];
};

template <class T>
__device__ void keep(const TapLoads& loads, uint32_t (&slice)[TapTile::depth][TapTile::pitch]) {
  const int row = threadIdx.x / TapLoads::lanes, channel = threadIdx.x % TapLoads::lanes * 4;
#pragma unroll
  for (int i = 0; i < TapLoads::each; ++i) {
    const uint2 numbers = rounded<T>(loads.values[i]);
    *reinterpret_cast<uint2*>(&slice[row + i * TapLoads::step][channel / 2]) = numbers;
  }
}

template <class T>
__device__ void multiply_slices(const TapSlices& slices, WarpSums& sums) {
  const int warp = threadIdx.x / 32, matrix = threadIdx.x % 32 / 8, row = threadIdx.x % 8;
  const uint32_t* a_row = &slices.gradients[matrix / 2 * 8 + row][warp / 2 * 16 + matrix % 2 * 4];
  const uint32_t* b_row = &slices.channels[matrix % 2 * 8 + row][warp % 2 * 16 + matrix / 2 * 4];
#pragma unroll
  for (int k = 0; k < TapTile::depth; k += 16)
    multiply_warp<T>(
        a_row + k * TapTile::pitch, b_row + k * TapTile::pitch, 8, 8,
        [](uint32_t(&registers)[4], const uint32_t* at) { simt::ldmatrix_x4_trans(registers, at); }, sums);
}

// blockIdx.x: the tile's channels, y: its filters, z: tap and part. `sums` is [part][filter][tap][channel].
template <class T>
__global__ void __launch_bounds__(TapTile::threads, TapTile::blocks)
    tap_sums(ConvSizes s, const float* __restrict__ x, const float* __restrict__ grad_y, float* __restrict__ sums,
             int parts) {
  alignas(16) __shared__ TapSlices slices[2];
  const int taps = s.kernel_height * s.kernel_width, tap = blockIdx.z % taps, part = blockIdx.z / taps;
  const int pixels = s.batch * s.out_height * s.out_width;
  const int all_slices = ceil_div(pixels, TapTile::depth);
  const int begin = part * all_slices / parts, end = (part + 1) * all_slices / parts;
  const int row = threadIdx.x / TapLoads::lanes, quad = threadIdx.x % TapLoads::lanes * 4;
  const int o = blockIdx.y * TapTile::size + quad, c = blockIdx.x * TapTile::size + quad;

  const auto load = [&](int slice, TapLoads& gradients, TapLoads& channels) {
#pragma unroll
    for (int i = 0; i < TapLoads::each; ++i) {
      const int pixel = slice * TapTile::depth + row + i * TapLoads::step;
      const bool inside = pixel < pixels;
      gradients.values[i] =
          load4(inside && o < s.out_channels ? grad_y + int64_t{pixel} * s.out_channels + o : nullptr);
      const float* at = inside && c < s.in_channels
                            ? WindowOf(s, x, pixel).channels(s, tap / s.kernel_width, tap % s.kernel_width)
                            : nullptr;
      channels.values[i] = load4(at ? at + c : nullptr);
    }
  };

  WarpSums own = {};
  TapLoads gradients, channels;
  load(begin, gradients, channels);
  for (int slice = begin; slice < end; ++slice) {
    TapSlices& present = slices[slice % 2];
    keep<T>(gradients, present.gradients);
    keep<T>(channels, present.channels);
    __syncthreads();
    if (slice + 1 < end) load(slice + 1, gradients, channels);
    multiply_slices<T>(present, own);
  }
  const int warp = threadIdx.x / 32;
  store_pairs(own, blockIdx.y * TapTile::size + warp / 2 * 32, blockIdx.x * TapTile::size + warp % 2 * 32,
              [&](int filter, int channel, float left, float right) {
                if (filter >= s.out_channels || channel >= s.in_channels) return;
                float* at = sums + ((int64_t{part} * s.out_channels + filter) * taps + tap) * s.in_channels + channel;
                *reinterpret_cast<float2*>(at) = make_float2(left, right);
              });
}

/// grad_w[o, i, tap] = the sums of all parts, in order.
void add_tap_sums(const ConvSizes& s, const float* sums, int parts, float* grad_w);

}  // namespace convlens
