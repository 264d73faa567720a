#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace convlens::viz {

/// What a decoder delivers: samples row by row, the channels of a pixel side by side. Channels: grey; grey, alpha;
/// red, green, blue; red, green, blue, alpha.
template <typename Sample>
struct Pixels {
  int height = 0;
  int width = 0;
  int channels = 0;
  std::vector<Sample> samples{};
};

/// Throws InputError when that many pixels would not reasonably fit into memory (above 2^27).
void require_reasonable_size(int64_t width, int64_t height, const std::string& name);

}  // namespace convlens::viz
