#pragma once

#include "kernels/simt/simt.h"

// The matrices of an implicit GEMM, of one group: an element's place in memory follows from its row and k. `address` is
// null where the element is zero, on the padding. `contiguous_in_k` says along which of the two the memory runs.

namespace convlens {

/// The sizes of a convolution as a kernel takes them: plain ints, passed by value.
struct ConvSizes {
  int batch, in_channels, out_channels, group_in, group_out;
  int height, width, out_height, out_width;
  int kernel_height, kernel_width;
  int stride_y, stride_x, pad_top, pad_left, dilation_y, dilation_x;
};

/// A[filter, (i,r,t)] = w.
struct Filters {
  static constexpr bool contiguous_in_k = true;
  const float* w;
  int taps;
  __device__ const float* address(int filter, int tap) const { return w + int64_t{filter} * taps + tap; }
};

/// B[(i,r,t), (n,p,q)]: x where the window of an output pixel meets a tap. `x` begins at the group's first channel.
struct Patches {
  static constexpr bool contiguous_in_k = false;
  ConvSizes s;
  const float* x;
  __device__ const float* address(int pixel, int tap) const {
    const int t = tap % s.kernel_width, r = tap / s.kernel_width % s.kernel_height,
              i = tap / s.kernel_width / s.kernel_height;
    const int q = pixel % s.out_width, p = pixel / s.out_width % s.out_height, n = pixel / s.out_width / s.out_height;
    const int h = p * s.stride_y - s.pad_top + r * s.dilation_y, v = q * s.stride_x - s.pad_left + t * s.dilation_x;
    if (h < 0 || h >= s.height || v < 0 || v >= s.width) return nullptr;
    return x + ((int64_t{n} * s.in_channels + i) * s.height + h) * s.width + v;
  }
};

/// A[i, (o,r,t)] = w: the filters seen from an input channel.
struct FiltersOfInput {
  static constexpr bool contiguous_in_k = true;
  const float* w;
  int group_in, window;
  __device__ const float* address(int channel, int k) const {
    return w + (int64_t{k / window} * group_in + channel) * window + k % window;
  }
};

/// B[(o,r,t), (n,h,v)]: dy where a window meets an input pixel with its tap (r, t). `grad_y` begins at the group's
/// first filter.
struct GradientsAt {
  static constexpr bool contiguous_in_k = false;
  ConvSizes s;
  const float* grad_y;
  __device__ const float* address(int pixel, int k) const {
    const int t = k % s.kernel_width, r = k / s.kernel_width % s.kernel_height,
              o = k / s.kernel_width / s.kernel_height;
    const int v = pixel % s.width, h = pixel / s.width % s.height, n = pixel / s.width / s.height;
    const int top = h + s.pad_top - r * s.dilation_y, left = v + s.pad_left - t * s.dilation_x;
    if (top < 0 || left < 0 || top % s.stride_y != 0 || left % s.stride_x != 0) return nullptr;
    const int p = top / s.stride_y, q = left / s.stride_x;
    if (p >= s.out_height || q >= s.out_width) return nullptr;
    return grad_y + ((int64_t{n} * s.out_channels + o) * s.out_height + p) * s.out_width + q;
  }
};

/// A[o, (n,p,q)] = dy. `grad_y` begins at the group's first filter.
struct Gradients {
  static constexpr bool contiguous_in_k = true;
  const float* grad_y;
  int plane, out_channels;
  __device__ const float* address(int filter, int pixel) const {
    return grad_y + (int64_t{pixel / plane} * out_channels + filter) * plane + pixel % plane;
  }
};

/// B[(n,p,q), (i,r,t)]: Patches, the other way round.
struct PatchesByTap {
  static constexpr bool contiguous_in_k = true;
  Patches patches;
  __device__ const float* address(int tap, int pixel) const { return patches.address(pixel, tap); }
};

}  // namespace convlens
