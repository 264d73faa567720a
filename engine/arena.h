#pragma once

#include <cstddef>
#include <vector>

#include "kernels/base/aligned_size.h"

namespace convlens {

/// A piece of memory that is needed from step `first` to step `last`, both included.
struct Lifetime {
  size_t bytes = 0;
  int first = 0, last = 0;
  size_t offset = 0;  ///< where it lies, after place()
};

/// Gives every piece an offset (a multiple of 64) such that pieces alive at the same step do not overlap, the largest
/// first, each as low as it fits (Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference",
/// 2020). Returns the size of the whole.
size_t place(std::vector<Lifetime>& pieces);

}  // namespace convlens
