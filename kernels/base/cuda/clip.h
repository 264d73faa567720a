#pragma once

#include "kernels/base/interval.h"
#include "kernels/simt/simt.h"

namespace convlens {

/// x brought into an interval.
struct Clip {
  float low, high;
  explicit Clip(const Interval& interval)
      : low(static_cast<float>(interval.low)), high(static_cast<float>(interval.high)) {}
  __device__ float operator()(float x) const { return x < low ? low : x > high ? high : x; }
};

}  // namespace convlens
