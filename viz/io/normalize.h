#pragma once

#include <span>

#include "viz/io/image.h"

namespace convlens::viz {

/// The smallest and the largest value of something.
struct Range {
  float low = 0.0f;
  float high = 0.0f;
};

// Every function below throws InternalError when a value is NaN or infinite.

/// The range of one image, or the common range of several (for tiles on one scale).
Range value_range(const Image& image);
Range value_range(std::span<const Image> images);

/// range.low becomes 0 and range.high 1, what lies outside is clamped; an empty range (a constant image) gives 0.5.
Image scale_to_unit(Image image, Range range);

/// The image's own minimum becomes 0 and its maximum 1.
Image to_unit_range(const Image& image);

/// As to_unit_range, but the q-th percentile (0..100, linear interpolation) becomes 1 and what is above is clamped, so
/// that a few extreme pixels do not leave the rest dark (SmoothGrad, Smilkov et al. 2017: the 99th). A constant map
/// becomes 0: nothing stands out.
Image to_unit_range_clipped(const Image& image, double percentile = 99.0);

/// For signed maps: zero becomes 0.5, and the percentile of the magnitudes (100: their maximum) becomes 1 or, where
/// negative, 0. All zeros give 0.5.
Image signed_to_unit_range(const Image& image, double percentile = 99.0);

}  // namespace convlens::viz
