#pragma once

#include "kernels/base/tensor.h"

namespace convlens {

/// Up to 16 neighbouring channels of one image at all its pixels: element (pixel, i) lies at offset + pixel * step + i.
struct ChannelStrip {
  static constexpr int64_t max_width = 16;
  int64_t n, channel;  ///< image and first channel
  int64_t channels;    ///< that exist
  int64_t width;       ///< in memory, a blocked layout's padding channels included
  int64_t offset, pixels, step;

  ChannelStrip part(int64_t first_pixel, int64_t count) const;
};

/// Every layout as such strips: single channels in NCHW, sixteen at a time in NHWC, the blocks in a blocked layout.
/// Numbers per channel are then arrays of max_width; those of padding channels are zero, which keeps the padding zero.
class ChannelStrips {
 public:
  explicit ChannelStrips(const TensorDesc& desc);
  int64_t count() const { return images_ * per_image_; }
  ChannelStrip operator[](int64_t index) const;

 private:
  int64_t images_, channels_, pixels_, stored_, block_, width_, per_image_;
};

/// The sums over a strip's pixels of g and of g * x, in double.
struct StripSums {
  double g[ChannelStrip::max_width]{}, gx[ChannelStrip::max_width]{};
};
StripSums strip_sums(const ChannelStrip& strip, const float* g, const float* x);

/// scale * (x - center) + shift for every channel of a strip. `center` is rounded to float before x meets it, where
/// nearby numbers cancel without error; what the rounding took off is in the shift.
struct StripAffine {
  float scale[ChannelStrip::max_width]{}, center[ChannelStrip::max_width]{}, shift[ChannelStrip::max_width]{};
  void set(int64_t i, double channel_scale, double channel_center, double channel_shift);
};

/// y = affine(x); y may be x.
void apply_to_strip(const ChannelStrip& strip, const StripAffine& affine, const float* x, float* y);

/// y = first(g) + second(x); y may be g.
void combine_in_strip(const ChannelStrip& strip, const StripAffine& first, const float* g, const StripAffine& second,
                      const float* x, float* y);

/// Writes the zeros that a blocked layout holds in place of the last block's missing channels.
void zero_padding_channels(const TensorView& tensor);

}  // namespace convlens
