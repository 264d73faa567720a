#pragma once

#include <algorithm>
#include <limits>

#include "kernels/base/tensor.h"

namespace convlens {

/// All channels of some pixels, in rows that are contiguous in memory, for reductions over channels. A row is either
/// channels of one pixel (NHWC, blocked layouts, single pixels), or one channel of several neighbouring pixels (NCHW).
/// Bodies are called with (index in memory, pixel of the tile).
struct PixelTile {
  static constexpr int64_t max_pixels = 64;
  bool channels_inside;
  int64_t offset, rows, row_step;
  int64_t length, last_length, stored;  ///< of a row, of the last row, and with padding channels

  int64_t pixels() const { return channels_inside ? 1 : length; }
  int64_t length_of(int64_t row) const { return row + 1 < rows ? length : last_length; }

  /// result[pixel] = max over channels of value(index, pixel)
  template <class Value>
  void max(const Value& value, float* result) const {
    std::fill_n(result, pixels(), -std::numeric_limits<float>::infinity());
    for (int64_t r = 0; r < rows; ++r) {
      const int64_t begin = offset + r * row_step, count = length_of(r);
      if (channels_inside) {
        float largest = result[0];
#pragma omp simd reduction(max : largest)
        for (int64_t i = 0; i < count; ++i) largest = std::max(largest, value(begin + i, int64_t{0}));
        result[0] = largest;
      } else {
#pragma omp simd
        for (int64_t i = 0; i < count; ++i) result[i] = std::max(result[i], value(begin + i, i));
      }
    }
  }

  /// result[pixel] = sum over channels of value(index, pixel), in double
  template <class Value>
  void sum(const Value& value, double* result) const {
    std::fill_n(result, pixels(), 0.0);
    for (int64_t r = 0; r < rows; ++r) {
      const int64_t begin = offset + r * row_step, count = length_of(r);
      if (channels_inside) {
        double total = result[0];
#pragma omp simd reduction(+ : total)
        for (int64_t i = 0; i < count; ++i) total += value(begin + i, int64_t{0});
        result[0] = total;
      } else {
#pragma omp simd
        for (int64_t i = 0; i < count; ++i) result[i] += value(begin + i, i);
      }
    }
  }

  /// y[index] = value(index, pixel), and zero in padding channels
  template <class Value>
  void store(const Value& value, float* y) const {
    for (int64_t r = 0; r < rows; ++r) {
      const int64_t begin = offset + r * row_step, count = length_of(r);
#pragma omp simd
      for (int64_t i = 0; i < count; ++i) y[begin + i] = value(begin + i, channels_inside ? 0 : i);
      std::fill(y + begin + count, y + begin + (channels_inside ? stored : count), 0.0F);
    }
  }
};

/// A tensor's tiles; where a row is of pixels, it has up to `run` of them.
class PixelTiles {
 public:
  explicit PixelTiles(const TensorDesc& desc, int64_t run = PixelTile::max_pixels)
      : extents_(desc), channels_(desc.shape.c()), pixels_(extents_.h * extents_.w), run_(run) {
    flat_ = desc.layout == Layout::nchw && pixels_ == 1;
    channels_inside_ = flat_ || desc.layout != Layout::nchw;
    per_image_ = channels_inside_ ? pixels_ : (pixels_ + run_ - 1) / run_;
  }
  int64_t count() const { return extents_.n * per_image_; }
  int64_t largest_row_pixels() const { return channels_inside_ ? 1 : run_; }

  PixelTile operator[](int64_t index) const {
    const int64_t n = index / per_image_, part = index % per_image_;
    const int64_t image = n * extents_.blocks * pixels_ * extents_.block;
    if (flat_) return {true, image, 1, 0, channels_, channels_, channels_};
    if (channels_inside_) {
      const int64_t block = extents_.block, rows = extents_.blocks;
      return {true, image + part * block, rows, pixels_ * block, block, channels_ - (rows - 1) * block, block};
    }
    const int64_t first = part * run_, length = std::min(run_, pixels_ - first);
    return {false, image + first, channels_, pixels_, length, length, length};
  }

 private:
  BlockedExtents extents_;
  int64_t channels_, pixels_, run_, per_image_;
  bool flat_, channels_inside_;
};

}  // namespace convlens
