#pragma once

#include "viz/io/image.h"

namespace convlens::viz {

/// Interpolation, with the kernels of Pillow and of torchvision's antialiased resize: bilinear is a triangle of radius
/// 1, bicubic Keys' cubic of radius 2 with a = -0.5. When shrinking they are stretched by the scale (antialiased).
enum class Filter { nearest, bilinear, bicubic };

/// The image at another size, each axis scaled on its own. Pixel centres lie at half-integers (PyTorch:
/// align_corners=False); beyond the border the kernel is cut off and renormalised, as in Pillow, whose float mode this
/// equals to within rounding. Bicubic may overshoot the range of the input: see clamp.
/// Throws InternalError when a size is not positive.
Image resize(const Image& image, int height, int width, Filter filter);

/// The middle height x width pixels; an odd remainder is split as torchvision's CenterCrop does (half to even).
/// Throws InternalError when the image is smaller than that.
Image center_crop(const Image& image, int height, int width);

}  // namespace convlens::viz
