#pragma once

#include "kernels/base/cuda/blocks.h"
#include "kernels/conv2d/cuda/sizes.h"

namespace convlens {

/// What kernels for images take for one: up to four channels, which fill a quad.
constexpr int max_channels = 4;

/// Why a kernel for images that needs so much shared memory cannot do a problem, or nothing.
inline std::optional<std::string> refuses_as_image(const ConvSizes& s, size_t shared_bytes) {
  if (s.in_channels > max_channels) return "needs an image of at most " + std::to_string(max_channels) + " channels";
  if (s.group_in != s.in_channels) return "needs one group";
  if (s.dilation_y != 1 || s.dilation_x != 1) return "needs dilation 1";
  if (shared_bytes > plain_shared_bytes)
    return "needs " + std::to_string(shared_bytes) + " bytes of shared memory (at most " +
           std::to_string(plain_shared_bytes) + ")";
  return std::nullopt;
}

}  // namespace convlens
