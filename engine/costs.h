#pragma once

#include <optional>
#include <span>
#include <vector>

#include "kernels/base/variant.h"

namespace convlens {

/// A variant, and a problem of its operator in layouts that it takes.
struct Candidate {
  const Variant* variant;
  Problem problem;
};

/// How long things take, for the planner to choose by.
class Costs {
 public:
  virtual ~Costs() = default;
  /// Seconds that each of the candidates takes for the same piece of work; nothing for one that nobody has measured.
  virtual std::vector<std::optional<double>> seconds(const Operator& op, std::span<const Candidate> candidates) = 0;
  /// Seconds to bring a tensor into another layout.
  virtual std::optional<double> reorder_seconds(Device device, const TensorDesc& from, Layout to) = 0;
};

}  // namespace convlens
