#pragma once

#include <omp.h>

#include <cstdint>

namespace convlens {

/// Calls body(i) for every i in [0, count), shared among OpenMP's threads in equal runs. Work of fewer than `grain`
/// items in all is not worth waking threads for and stays on one.
template <class Body>
void parallel_for(int64_t count, const Body& body, int64_t grain = 2) {
#pragma omp parallel for schedule(static) if (count >= grain)
  for (int64_t i = 0; i < count; ++i) body(i);
}

}  // namespace convlens
