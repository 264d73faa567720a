#pragma once

#include "viz/io/image.h"
#include "viz/run.h"

namespace convlens::viz {

/// The size of a picture that is made.
struct Canvas {
  int64_t height, width;

  /// A part of it, at least one pixel.
  Canvas scaled(double factor) const;
};

/// The run's `size`; without one the photo's proportions, its longer edge of `longer_edge` pixels.
Canvas canvas_of(const Run& run, const Image& photo, int64_t longer_edge);

/// The whole photo in its own proportions, its longer edge of that many pixels.
Image scaled_to(const Image& photo, int64_t longer_edge, const Run& run);

/// The photo scaled until it covers the canvas; what stands out is cut off evenly.
Image covering(const Image& photo, const Canvas& canvas, const Run& run);

}  // namespace convlens::viz
