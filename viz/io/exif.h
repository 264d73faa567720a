#pragma once

#include <cstddef>
#include <span>

namespace convlens::viz {

/// How a stored picture has to be turned to stand upright: transpose first, then mirror along either axis.
struct Orientation {
  bool transpose = false;
  bool flip_rows = false;
  bool flip_columns = false;
};

/// The EXIF orientation (tag 0x0112, values 1..8) of a JPEG file's bytes; upright when there is none.
Orientation exif_orientation(std::span<const std::byte> jpeg);

}  // namespace convlens::viz
