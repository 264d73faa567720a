#pragma once

#include <algorithm>

#include "kernels/base/tensor.h"

namespace convlens {

/// Indices from `begin` up to but without `end`.
struct IndexRange {
  int64_t begin = 0, end = 0;
  int64_t size() const { return end - begin; }
  bool empty() const { return end <= begin; }
  bool operator==(const IndexRange&) const = default;
};

/// The least range that holds both; an empty one adds nothing.
inline IndexRange hull(const IndexRange& a, const IndexRange& b) {
  if (a.empty() || b.empty()) return a.empty() ? b : a;
  return {std::min(a.begin, b.begin), std::max(a.end, b.end)};
}

inline IndexRange intersection(const IndexRange& a, const IndexRange& b) {
  return {std::max(a.begin, b.begin), std::min(a.end, b.end)};
}

/// Rows and columns of a map, all channels of them. It may reach beyond the map, into its padding.
struct Region {
  IndexRange y, x;
  bool empty() const { return y.empty() || x.empty(); }
  int64_t area() const { return empty() ? 0 : y.size() * x.size(); }
  bool operator==(const Region&) const = default;
};

inline Region hull(const Region& a, const Region& b) {
  if (a.empty() || b.empty()) return a.empty() ? b : a;
  return {hull(a.y, b.y), hull(a.x, b.x)};
}

inline Region intersection(const Region& a, const Region& b) {
  return {intersection(a.y, b.y), intersection(a.x, b.x)};
}

inline Region whole_map(const Shape& shape) { return {{0, shape.h()}, {0, shape.w()}}; }

}  // namespace convlens
