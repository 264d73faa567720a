#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/simt/simt.h"

namespace convlens {

/// Into how many parts a sum of `slices` slices is cut where `blocks` blocks would make it alone: enough for two blocks
/// on each of the 132 multiprocessors of an H100 (NVIDIA H100 whitepaper), but no part below four slices. It depends on
/// sizes alone, so that the sum is added up in the same order on every GPU.
inline int parts_of(int64_t blocks, int64_t slices) {
  constexpr int64_t wanted_blocks = 2 * 132, least_slices = 4;
  const int64_t wanted = (wanted_blocks + blocks - 1) / blocks;
  return static_cast<int>(std::clamp<int64_t>(slices / least_slices, 1, wanted));
}

/// Where part `which` of `parts` begins in a sum over `depth` terms, at a slice's first; the depth for which = parts.
__device__ inline int part_begin(int which, int parts, int depth, int slice_depth) {
  const int slices = (depth + slice_depth - 1) / slice_depth;
  const int begin = static_cast<int>(int64_t{which} * slices / parts) * slice_depth;
  return begin < depth ? begin : depth;
}

}  // namespace convlens
