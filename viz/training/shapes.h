#pragma once

#include <string>
#include <vector>

#include "viz/io/image.h"

namespace convlens::viz {

/// A picture of one shape, and where exactly the shape is.
struct DrawnShape {
  Image picture;  ///< red, green, blue
  Image mask;     ///< the part of each pixel that the shape covers
};

/// circle, cross, ring, square, triangle: sorted, as folders are.
const std::vector<std::string>& shape_names();

/// Draws shape number `shape` in a random colour, place, size and turn before a background with a gradient and noise.
/// The same seed gives the same picture.
DrawnShape draw_shape(int shape, int size, int64_t seed);

}  // namespace convlens::viz
