#pragma once

#include "viz/io/color_map.h"
#include "viz/io/image.h"

namespace convlens::viz {

/// A heat map (one channel, 0..1, any size: it is brought to the photo's bilinearly) in colour over a photo:
/// (1 - alpha) * photo + alpha * colour. The result has the photo's size and three channels.
/// Throws InternalError when alpha is outside 0..1 or the heat map is not one channel of finite values.
Image overlay(const Image& photo, const Image& heat, ColorMap map, float alpha);

}  // namespace convlens::viz
