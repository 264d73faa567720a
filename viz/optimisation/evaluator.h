#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/array.h"

namespace convlens::viz {

/// Finds an objective's value and gradient where a loop wants to know them.
class Evaluator {
 public:
  virtual ~Evaluator() = default;

  /// Of the objective's terms.
  virtual std::vector<std::string> names() const = 0;

  /// For evaluation number `step`. Returns the sum of the terms, and its gradient by `x`, of x's shape.
  virtual double evaluate(int64_t step, const Array& x, Array& gradient) = 0;
  /// weight * term, of each term, as evaluate() found them.
  virtual std::span<const double> values() const = 0;

  /// Where numbers first stopped being finite, as viz/optimisation/not_finite.h has it; "" where all were.
  virtual std::string first_not_finite() = 0;
};

}  // namespace convlens::viz
