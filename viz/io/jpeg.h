#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "viz/io/pixels.h"

namespace convlens::viz {

bool is_jpeg(std::span<const std::byte> bytes);

/// The pixels as they are stored: one channel (grey) or three (RGB; CMYK is converted). Throws InputError naming the
/// file when it is damaged or cut off.
Pixels<uint8_t> decode_jpeg(std::span<const std::byte> bytes, const std::string& name);

}  // namespace convlens::viz
