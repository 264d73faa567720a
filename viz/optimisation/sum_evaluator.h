#pragma once

#include <memory>
#include <vector>

#include "viz/optimisation/evaluator.h"

namespace convlens::viz {

/// The sum of other evaluators' objectives at the same x.
class SumEvaluator final : public Evaluator {
 public:
  explicit SumEvaluator(std::vector<std::unique_ptr<Evaluator>> parts) : parts_(std::move(parts)) {}

  std::vector<std::string> names() const override;
  double evaluate(int64_t step, const Array& x, Array& gradient) override;
  std::span<const double> values() const override { return values_; }
  std::string first_not_finite() override;

 private:
  std::vector<std::unique_ptr<Evaluator>> parts_;
  std::vector<double> values_;
};

}  // namespace convlens::viz
