#pragma once

#include "kernels/simt/simt.h"

namespace convlens {

/// Stores a gradient, or adds it to what is there (Arguments::accumulate).
__device__ inline void put(float* to, float value, bool accumulate) { *to = accumulate ? *to + value : value; }

}  // namespace convlens
