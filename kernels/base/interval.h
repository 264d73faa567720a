#pragma once

#include <limits>
#include <optional>

namespace convlens {

/// [low, high], infinite where a limit is not given.
struct Interval {
  double low, high;
  Interval(std::optional<double> min, std::optional<double> max)
      : low(min.value_or(-std::numeric_limits<double>::infinity())),
        high(max.value_or(std::numeric_limits<double>::infinity())) {}
};

}  // namespace convlens
