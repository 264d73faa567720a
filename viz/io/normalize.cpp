#include "viz/io/normalize.h"

#include <algorithm>
#include <cmath>

#include "kernels/base/error.h"

namespace convlens::viz {
namespace {

void require_finite(const Image& image) {
  if (image.values.empty()) throw InternalError("a picture without pixels has no range of values");
  if (!std::ranges::all_of(image.values, [](float v) { return std::isfinite(v); })) {
    throw InternalError("a picture of " + shape_text(image) + " holds NaN or infinite values");
  }
}

// The value at rank q / 100 * (n - 1), interpolated between neighbours (numpy's default).
float percentile_of(std::vector<float> values, double q) {
  const double rank = std::clamp(q, 0.0, 100.0) / 100.0 * static_cast<double>(values.size() - 1);
  const auto below = values.begin() + static_cast<std::ptrdiff_t>(rank);
  std::nth_element(values.begin(), below, values.end());
  const double fraction = rank - std::floor(rank);
  if (fraction == 0.0) return *below;
  const float above = *std::min_element(below + 1, values.end());
  return static_cast<float>(*below + fraction * (static_cast<double>(above) - *below));
}

}  // namespace

Range value_range(const Image& image) {
  require_finite(image);
  const auto [low, high] = std::ranges::minmax(image.values);
  return {low, high};
}

Range value_range(std::span<const Image> images) {
  if (images.empty()) throw InternalError("no pictures have no range of values");
  Range range = value_range(images.front());
  for (const Image& image : images.subspan(1)) {
    const Range own = value_range(image);
    range = {std::min(range.low, own.low), std::max(range.high, own.high)};
  }
  return range;
}

Image scale_to_unit(Image image, Range range) {
  require_finite(image);
  const double extent = static_cast<double>(range.high) - range.low;
  for (float& value : image.values) {
    const double unit = extent > 0.0 ? (static_cast<double>(value) - range.low) / extent : 0.5;
    value = static_cast<float>(std::clamp(unit, 0.0, 1.0));
  }
  return image;
}

Image to_unit_range(const Image& image) { return scale_to_unit(image, value_range(image)); }

Image to_unit_range_clipped(const Image& image, double percentile) {
  const Range range = value_range(image);
  if (!(range.high > range.low)) return make_image(image.channels, image.height, image.width);
  const float high = percentile_of(image.values, percentile);
  // More pixels than the percentile lets through may share the minimum: then the maximum is the only scale there is.
  return scale_to_unit(image, {range.low, high > range.low ? high : range.high});
}

Image signed_to_unit_range(const Image& image, double percentile) {
  require_finite(image);
  std::vector<float> magnitudes(image.values.size());
  std::ranges::transform(image.values, magnitudes.begin(), [](float v) { return std::abs(v); });
  const float largest = std::ranges::max(magnitudes);
  const float clipped = percentile_of(std::move(magnitudes), percentile);
  const float limit = clipped > 0.0f ? clipped : largest;
  return scale_to_unit(image, {-limit, limit});
}

}  // namespace convlens::viz
