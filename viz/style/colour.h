#pragma once

#include "viz/io/image.h"

namespace convlens::viz {

// Keeping the colours of a photo (Gatys et al., "Preserving Color in Neural Artistic Style Transfer", 2016).

/// The luminance (ITU-R BT.601) as an image with as many channels, all equal.
Image luminance(const Image& image);

/// The photo's colours with the luminance of `picture`.
Image with_luminance(const Image& photo, const Image& picture);

/// `picture` with each colour moved by one affine map, so that mean and covariance of its colours are those of `photo`;
/// the map's matrix is C_photo^(1/2) C_picture^(-1/2) with symmetric roots.
Image with_colours_of(const Image& photo, const Image& picture);

}  // namespace convlens::viz
