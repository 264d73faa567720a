#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "viz/features/rows.h"

namespace convlens::viz {

/// l2: |x - q|. cosine: 1 - x.q / (|x| |q|), from 0 (same direction) to 2; 1 where one of them is zero.
enum class Metric { l2, cosine };

struct Neighbour {
  int64_t index;
  double distance;
};

/// The k rows closest to the query, the closest first; of equal ones the first. Fewer where there are fewer rows.
///
/// Exact, by FAISS' flat index, in blocks, so that memory does not grow with the rows. Its approximate indices answer
/// many queries quickly but take longer to build than this one pass over the rows takes.
std::vector<Neighbour> nearest_neighbours(std::span<const float> query, const Rows& rows, Metric metric, int64_t k);

}  // namespace convlens::viz
