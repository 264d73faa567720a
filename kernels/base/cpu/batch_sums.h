#pragma once

#include "kernels/base/cpu/channel_strips.h"
#include "kernels/base/cpu/parallel.h"

namespace convlens {

/// For each channel of a batch the sums of g and of g * x over all images and pixels, in double: strip by strip in
/// parallel, then over the images in order, so that the threads' number does not change a bit.
class BatchSums {
 public:
  static size_t workspace(const TensorDesc& desc) {
    return static_cast<size_t>(ChannelStrips(desc).count()) * sizeof(StripSums);
  }

  BatchSums(const TensorDesc& desc, const float* g, const float* x, std::byte* workspace)
      : sums_(reinterpret_cast<StripSums*>(workspace)), per_image_(ChannelStrips(desc).count() / desc.shape.n()) {
    const ChannelStrips strips(desc);
    parallel_for(strips.count(), [&](int64_t k) { sums_[k] = strip_sums(strips[k], g, x); });
    for (int64_t k = per_image_; k < strips.count(); ++k)
      for (int64_t i = 0; i < ChannelStrip::max_width; ++i) {
        sums_[k % per_image_].g[i] += sums_[k].g[i];
        sums_[k % per_image_].gx[i] += sums_[k].gx[i];
      }
  }

  int64_t strips() const { return per_image_; }  ///< of one image
  const StripSums& operator[](int64_t strip) const { return sums_[strip % per_image_]; }

 private:
  StripSums* sums_;
  int64_t per_image_;
};

}  // namespace convlens
