#include "viz/style/style_image.h"

#include <algorithm>
#include <cmath>

#include "viz/io/resize.h"

namespace convlens::viz {

Image read_style(const std::filesystem::path& file, int64_t size) {
  const Image image = to_rgb(read_image(file));
  const double scale = static_cast<double>(size) / std::min(image.height, image.width);
  const auto scaled = [&](int extent) { return static_cast<int>(std::lround(extent * scale)); };
  return clamp(resize(image, scaled(image.height), scaled(image.width), Filter::bicubic));
}

}  // namespace convlens::viz
