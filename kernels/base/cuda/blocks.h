#pragma once

#include <cstdint>

#include "kernels/simt/simt.h"

namespace convlens {

/// How many groups of b hold a things.
__host__ __device__ constexpr int ceil_div(int a, int b) { return (a + b - 1) / b; }

/// Dynamic shared memory of a block that every GPU gives without being asked.
constexpr size_t plain_shared_bytes = 48 * 1024;

/// Threads of a block for kernels with one thread an element.
constexpr int element_threads = 256;

/// The shape for so many elements, one thread each.
inline simt::LaunchShape one_thread_each(int64_t elements) {
  return {.grid = dim3(static_cast<unsigned>((elements + element_threads - 1) / element_threads)),
          .block = dim3(element_threads)};
}

/// This thread's element.
__device__ inline int64_t element_index() { return int64_t{blockIdx.x} * element_threads + threadIdx.x; }

}  // namespace convlens
