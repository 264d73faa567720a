#pragma once

#include <span>

#include "viz/io/image.h"

namespace convlens::viz {

/// Images of one shape side by side, row by row, `gap` pixels of the value `background` between and around them and in
/// the places left over. Throws InternalError when there are no images, their shapes differ or `columns` is not
/// positive.
Image tile_grid(std::span<const Image> images, int columns, int gap = 1, float background = 1.0f);

/// The number of columns that makes a grid of `count` tiles of that size closest to a square.
int square_columns(int count, int tile_height, int tile_width);

/// Every pixel becomes factor x factor pixels.
Image enlarge(const Image& image, int factor);

}  // namespace convlens::viz
