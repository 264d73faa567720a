#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace convlens {

/// A linear map along one axis, each of whose outputs is a weighted sum of neighbouring inputs:
/// y[i] = sum over t of weights[t] * x[begin + t], with (begin, weights) = taps(i). An output may have no taps; it is
/// 0.
class AxisMap {
 public:
  struct Taps {
    int64_t begin;
    std::span<const float> weights;
  };

  /// The same by columns of weights: tap t of output i weighs weights[t * outputs() + i], if t < counts[i].
  struct Columns {
    int32_t count = 0;  ///< the most taps that an output has
    std::vector<int32_t> begins, counts;
    std::vector<float> weights;
  };

  explicit AxisMap(int64_t inputs) : inputs_(inputs) {}

  /// Appends an output. Its begin and its end must not lie before those of the output added before.
  void add(int64_t begin, std::span<const double> weights);

  Columns columns() const;

  int64_t inputs() const { return inputs_; }
  int64_t outputs() const { return static_cast<int64_t>(rows_.size()); }
  Taps taps(int64_t output) const {
    const Row& row = rows_[static_cast<size_t>(output)];
    return {row.begin, {weights_.data() + row.first_weight, row.count}};
  }

  /// The map of the transposed matrix, by which gradients go back.
  AxisMap transposed() const;

 private:
  struct Row {
    int64_t begin;
    size_t first_weight, count;
  };
  int64_t inputs_;
  std::vector<Row> rows_;
  std::vector<float> weights_;
};

}  // namespace convlens
