#pragma once

#include "kernels/base/region.h"
#include "viz/io/image.h"

namespace convlens::viz {

/// The part of an image that lies in `region`, which must lie within the image.
Image crop(const Image& image, const Region& region);

}  // namespace convlens::viz
