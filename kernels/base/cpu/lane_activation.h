#pragma once

#include <limits>
#include <optional>

#include "kernels/base/cpu/lanes.h"
#include "kernels/base/operator.h"

namespace convlens {

/// A problem's activation, if it has one, applied to vectors as they are stored. A NaN stays.
class LaneActivation {
 public:
  explicit LaneActivation(const std::optional<Activation>& activation) {
    if (!activation) return;
    slope_ = static_cast<float>(activation->negative_slope);
    top_ = static_cast<float>(activation->max_value);
  }

  template <class Lanes>
  [[gnu::always_inline]] Lanes operator()(const Lanes& v) const {
    const Lanes y = v > 0 ? v : v * slope_;
    return y > top_ ? Lanes{} + top_ : y;
  }

 private:
  float slope_ = 1, top_ = std::numeric_limits<float>::infinity();
};

}  // namespace convlens
