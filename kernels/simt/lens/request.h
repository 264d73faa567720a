#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "kernels/simt/emulator/block.h"

namespace simt {

constexpr uintptr_t sector_bytes = 32;

/// What the lanes of a warp ask for with one instruction.
struct Request {
  uint32_t lanes = 0;  ///< bit i: lane i takes part
  size_t bytes = 0;    ///< of each lane
  Access access = Access::read;
  std::array<uintptr_t, warp_size> addresses{};
};

/// The 32-byte sectors of global memory that a request touches, each once, in order. (CUDA C++ Best Practices Guide,
/// "Coalesced Access to Global Memory".)
std::vector<uintptr_t> sectors(const Request& request);

/// How few sectors could hold the bytes that it asks for.
int64_t fewest_sectors(const Request& request);

/// How shared memory serves a request: 32 banks of 4 bytes. Lanes that want different words of one bank wait for each
/// other; 8 bytes a lane are served by half warps, 16 by quarters.
struct Wavefronts {
  int taken = 0, fewest = 0;
  int ways = 0;  ///< the worst bank conflict: 1 is none
};
Wavefronts wavefronts(const Request& request);

}  // namespace simt
