#pragma once

#include <cstddef>

namespace convlens {

/// The next multiple of the 64 bytes to which kernels' memory is aligned.
constexpr size_t aligned_size(size_t bytes) { return (bytes + 63) / 64 * 64; }

}  // namespace convlens
