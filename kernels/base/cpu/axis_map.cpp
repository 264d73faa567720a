#include "kernels/base/cpu/axis_map.h"

#include <algorithm>

namespace convlens {

void AxisMap::add(int64_t begin, std::span<const double> weights) {
  rows_.push_back({begin, weights_.size(), weights.size()});
  for (const double weight : weights) weights_.push_back(static_cast<float>(weight));
}

AxisMap::Columns AxisMap::columns() const {
  Columns columns;
  for (const Row& row : rows_) columns.count = std::max(columns.count, static_cast<int32_t>(row.count));
  columns.weights.resize(static_cast<size_t>(columns.count) * rows_.size());
  for (size_t i = 0; i < rows_.size(); ++i) {
    columns.begins.push_back(static_cast<int32_t>(rows_[i].begin));
    columns.counts.push_back(static_cast<int32_t>(rows_[i].count));
    for (size_t t = 0; t < rows_[i].count; ++t)
      columns.weights[t * rows_.size() + i] = weights_[rows_[i].first_weight + t];
  }
  return columns;
}

AxisMap AxisMap::transposed() const {
  AxisMap result(outputs());
  int64_t first = 0;  // as begins and ends never fall, neither does the first output that reads an input
  for (int64_t j = 0; j < inputs_; ++j) {
    const auto weight = [&](int64_t i) {
      const Taps t = taps(i);
      const int64_t at = j - t.begin;
      return at >= 0 && at < static_cast<int64_t>(t.weights.size()) ? t.weights[static_cast<size_t>(at)] : 0.0;
    };
    const auto ends_before = [&](int64_t i) {
      return taps(i).begin + static_cast<int64_t>(taps(i).weights.size()) <= j;
    };
    while (first < outputs() && ends_before(first)) ++first;
    std::vector<double> column;
    for (int64_t i = first; i < outputs() && taps(i).begin <= j; ++i) column.push_back(weight(i));
    result.add(std::min(first, std::max<int64_t>(outputs() - 1, 0)), column);
  }
  return result;
}

}  // namespace convlens
