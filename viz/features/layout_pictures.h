#pragma once

#include <array>
#include <vector>

#include "engine/array.h"
#include "viz/io/image.h"

namespace convlens::viz {

using Colour = std::array<float, 3>;  ///< red, green, blue, 0..1

/// A colour for each group, after Tableau's ten, which begin again after the tenth.
Colour group_colour(size_t group);

/// Points (N x 2, x to the right and y up) as discs on white, in one scale for both axes.
Image draw_scatter(const Array& points, const std::vector<Colour>& colours, int size);

/// Thumbnails centred at their points, later ones over earlier ones.
Image draw_thumbnails(const Array& points, const std::vector<Image>& thumbnails, int size);

/// Thumbnails in the cells of a grid: `cells` is N x 2, row and column of each.
Image draw_grid(const Array& cells, const std::vector<Image>& thumbnails, int rows, int columns);

}  // namespace convlens::viz
