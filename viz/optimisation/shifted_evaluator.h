#pragma once

#include <functional>
#include <memory>

#include "kernels/base/param_types.h"
#include "viz/optimisation/evaluator.h"

namespace convlens::viz {

/// Another evaluator that sees the picture shifted cyclically, by other offsets at each step (jitter).
class ShiftedEvaluator final : public Evaluator {
 public:
  /// Rows and columns of a step's shift.
  using Offsets = std::function<Pair(int64_t step)>;

  ShiftedEvaluator(std::unique_ptr<Evaluator> of, Offsets offsets) : of_(std::move(of)), offsets_(std::move(offsets)) {}

  std::vector<std::string> names() const override { return of_->names(); }
  double evaluate(int64_t step, const Array& x, Array& gradient) override;
  std::span<const double> values() const override { return of_->values(); }
  std::string first_not_finite() override { return of_->first_not_finite(); }

 private:
  std::unique_ptr<Evaluator> of_;
  Offsets offsets_;
};

/// y[n, c, (h + rows) mod H, (w + columns) mod W] = x[n, c, h, w], as the operator roll and torch.roll.
Array rolled(const Array& x, Pair offsets);

}  // namespace convlens::viz
