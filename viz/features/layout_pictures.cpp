#include "viz/features/layout_pictures.h"

#include <algorithm>
#include <cmath>

#include "viz/io/tile.h"

namespace convlens::viz {
namespace {

struct Place {
  double y, x;  // pixels
};

/// Points in the pixels of a square picture with a margin.
class Canvas {
 public:
  Canvas(const Array& points, int size, double margin) : points_(points), size_(size) {
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    for (size_t i = 0; i < points.values.size(); ++i) {
      low[i % 2] = std::min<double>(low[i % 2], points.values[i]);
      high[i % 2] = std::max<double>(high[i % 2], points.values[i]);
    }
    const double span = std::max({high[0] - low[0], high[1] - low[1], 1e-30});
    scale_ = (size - 2 * margin) / span;
    centre_[0] = (low[0] + high[0]) / 2;
    centre_[1] = (low[1] + high[1]) / 2;
  }

  Place place(size_t i) const {
    return {size_ / 2.0 - (points_.values[2 * i + 1] - centre_[1]) * scale_,
            size_ / 2.0 + (points_.values[2 * i] - centre_[0]) * scale_};
  }

 private:
  const Array& points_;
  int size_;
  double scale_, centre_[2];
};

// Opaque inside, with an edge of one pixel that fades.
void draw_disc(Image& image, Place at, double radius, const Colour& colour) {
  const int top = std::max(0, static_cast<int>(at.y - radius - 1)),
            left = std::max(0, static_cast<int>(at.x - radius - 1));
  for (int y = top; y < std::min<int>(image.height, static_cast<int>(at.y + radius + 2)); ++y)
    for (int x = left; x < std::min<int>(image.width, static_cast<int>(at.x + radius + 2)); ++x) {
      const double inside = radius + 0.5 - std::hypot(y + 0.5 - at.y, x + 0.5 - at.x);
      const auto opacity = static_cast<float>(std::clamp(inside, 0.0, 1.0));
      for (int c = 0; c < 3; ++c) image.at(c, y, x) += opacity * (colour[static_cast<size_t>(c)] - image.at(c, y, x));
    }
}

void paste(Image& image, const Image& part, int top, int left) {
  for (int c = 0; c < part.channels; ++c)
    for (int y = 0; y < part.height; ++y) std::ranges::copy(part.row(c, y), image.row(c, top + y).begin() + left);
}

}  // namespace

Colour group_colour(size_t group) {
  static constexpr std::array<uint32_t, 10> tableau{0x4e79a7, 0xf28e2b, 0x59a14f, 0xe15759, 0xb07aa1,
                                                    0x76b7b2, 0xedc948, 0xff9da7, 0x9c755f, 0x555555};
  const uint32_t rgb = tableau[group % tableau.size()];
  return {static_cast<float>(rgb >> 16) / 255, static_cast<float>(rgb >> 8 & 255) / 255,
          static_cast<float>(rgb & 255) / 255};
}

Image draw_scatter(const Array& points, const std::vector<Colour>& colours, int size) {
  Image image = make_image(3, size, size, 1.0F);
  const double radius = std::clamp(size / (4 * std::sqrt(static_cast<double>(colours.size()) + 1)), 1.5, 5.0);
  const Canvas canvas(points, size, 2 * radius + 4);
  for (size_t i = 0; i < colours.size(); ++i) draw_disc(image, canvas.place(i), radius, colours[i]);
  return image;
}

Image draw_thumbnails(const Array& points, const std::vector<Image>& thumbnails, int size) {
  Image image = make_image(3, size, size, 1.0F);
  const int edge = thumbnails.at(0).height;
  const Canvas canvas(points, size, edge / 2.0 + 2);
  for (size_t i = 0; i < thumbnails.size(); ++i) {
    const Place at = canvas.place(i);
    paste(image, thumbnails[i], static_cast<int>(at.y - edge / 2.0), static_cast<int>(at.x - edge / 2.0));
  }
  return image;
}

Image draw_grid(const Array& cells, const std::vector<Image>& thumbnails, int rows, int columns) {
  const Image& first = thumbnails.at(0);
  std::vector<Image> tiles(static_cast<size_t>(rows * columns), make_image(3, first.height, first.width, 1.0F));
  for (size_t i = 0; i < thumbnails.size(); ++i)
    tiles.at(static_cast<size_t>(cells.values[2 * i]) * static_cast<size_t>(columns) +
             static_cast<size_t>(cells.values[2 * i + 1])) = thumbnails[i];
  return tile_grid(tiles, columns, 2);
}

}  // namespace convlens::viz
