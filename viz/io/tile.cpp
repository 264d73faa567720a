#include "viz/io/tile.h"

#include <algorithm>
#include <cmath>

#include "kernels/base/error.h"
#include "viz/io/resize.h"

namespace convlens::viz {
namespace {

void require_equal_shapes(std::span<const Image> images) {
  if (images.empty()) throw InternalError("a grid needs at least one picture");
  const Image& first = images.front();
  for (const Image& image : images) {
    const bool equal = image.channels == first.channels && image.height == first.height && image.width == first.width;
    if (!equal) {
      throw InternalError("a grid needs pictures of one shape, not " + shape_text(first) + " and " + shape_text(image));
    }
  }
}

void paste(const Image& image, int top, int left, Image& target) {
  for (int c = 0; c < image.channels; ++c) {
    for (int y = 0; y < image.height; ++y) {
      std::ranges::copy(image.row(c, y), target.row(c, top + y).begin() + left);
    }
  }
}

}  // namespace

Image tile_grid(std::span<const Image> images, int columns, int gap, float background) {
  require_equal_shapes(images);
  if (columns <= 0 || gap < 0) throw InternalError("a grid needs a positive number of columns and no negative gap");
  const int count = static_cast<int>(images.size());
  columns = std::min(columns, count);
  const int rows = (count + columns - 1) / columns;
  const int row_pitch = images.front().height + gap;
  const int column_pitch = images.front().width + gap;
  Image grid = make_image(images.front().channels, rows * row_pitch + gap, columns * column_pitch + gap, background);
  for (int i = 0; i < count; ++i) {
    paste(images[i], gap + i / columns * row_pitch, gap + i % columns * column_pitch, grid);
  }
  return grid;
}

int square_columns(int count, int tile_height, int tile_width) {
  const double columns = std::sqrt(static_cast<double>(count) * tile_height / tile_width);
  return std::clamp(static_cast<int>(std::lround(columns)), 1, std::max(count, 1));
}

Image enlarge(const Image& image, int factor) {
  return resize(image, image.height * factor, image.width * factor, Filter::nearest);
}

}  // namespace convlens::viz
