#include "viz/features/neighbours.h"

#include <faiss/IndexFlat.h>
#include <faiss/utils/distances.h>

#include <algorithm>
#include <cmath>

namespace convlens::viz {
namespace {

constexpr int64_t block_bytes = 16 << 20;

// Distances are told as FAISS does: squared for L2, the inner product of unit vectors for the cosine.
double distance(Metric metric, float told) {
  return metric == Metric::l2 ? std::sqrt(std::max(0.0F, told)) : std::max(0.0, 1.0 - static_cast<double>(told));
}

std::vector<float> prepared(std::span<const float> row, Metric metric) {
  std::vector<float> copy(row.begin(), row.end());
  if (metric == Metric::cosine) faiss::fvec_renorm_L2(copy.size(), 1, copy.data());
  return copy;
}

}  // namespace

std::vector<Neighbour> nearest_neighbours(std::span<const float> query, const Rows& rows, Metric metric, int64_t k) {
  const std::vector<float> wanted = prepared(query, metric);
  const int64_t block = std::max<int64_t>(1, block_bytes / (rows.width * static_cast<int64_t>(sizeof(float))));
  faiss::IndexFlat index(rows.width, metric == Metric::l2 ? faiss::METRIC_L2 : faiss::METRIC_INNER_PRODUCT);
  std::vector<Neighbour> best;
  for (int64_t begin = 0; begin < rows.count; begin += block) {
    index.reset();
    for (int64_t i = begin; i < std::min(begin + block, rows.count); ++i)
      index.add(1, prepared(rows.at(i), metric).data());
    const int64_t found = std::min<int64_t>(k, index.ntotal);
    std::vector<float> told(static_cast<size_t>(found));
    std::vector<faiss::Index::idx_t> at(static_cast<size_t>(found));
    index.search(1, wanted.data(), found, told.data(), at.data());
    for (size_t i = 0; i < at.size(); ++i) best.push_back({begin + at[i], distance(metric, told[i])});
    std::ranges::sort(best, {}, [](const Neighbour& n) { return std::pair(n.distance, n.index); });
    best.resize(std::min(best.size(), static_cast<size_t>(k)));
  }
  return best;
}

}  // namespace convlens::viz
