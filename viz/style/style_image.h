#pragma once

#include <cstdint>
#include <filesystem>

#include "viz/io/image.h"

namespace convlens::viz {

/// The whole image in colour, its shorter edge `size` pixels long.
Image read_style(const std::filesystem::path& file, int64_t size);

}  // namespace convlens::viz
