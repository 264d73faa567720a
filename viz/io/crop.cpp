#include "viz/io/crop.h"

#include <algorithm>

namespace convlens::viz {

Image crop(const Image& image, const Region& region) {
  Image part = make_image(image.channels, static_cast<int>(region.y.size()), static_cast<int>(region.x.size()));
  for (int c = 0; c < part.channels; ++c)
    for (int y = 0; y < part.height; ++y)
      std::ranges::copy(image.row(c, static_cast<int>(region.y.begin) + y)
                            .subspan(static_cast<size_t>(region.x.begin), static_cast<size_t>(part.width)),
                        part.row(c, y).begin());
  return part;
}

}  // namespace convlens::viz
