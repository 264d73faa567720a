#pragma once

#include <string>

#include "viz/io/image.h"

namespace convlens::viz {

/// How a map of single numbers becomes colour. `viridis` and `inferno` are perceptually uniform, `turbo` shows the most
/// detail; `coolwarm` is for signed maps (0.5, its pale grey, is zero); `grey` leaves the map grey.
enum class ColorMap { grey, viridis, inferno, turbo, coolwarm };

/// The map of that name; throws InputError listing the known names.
ColorMap color_map_by_name(const std::string& name);

/// A one-channel image (values 0..1; others are clamped) in colour, three channels, by the map's 256 levels.
/// Throws InternalError when the image has other than one channel or holds NaN.
Image apply(ColorMap map, const Image& grey);

}  // namespace convlens::viz
