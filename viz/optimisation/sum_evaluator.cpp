#include "viz/optimisation/sum_evaluator.h"

namespace convlens::viz {

std::vector<std::string> SumEvaluator::names() const {
  std::vector<std::string> all;
  for (const auto& part : parts_) {
    const auto names = part->names();
    all.insert(all.end(), names.begin(), names.end());
  }
  return all;
}

double SumEvaluator::evaluate(int64_t step, const Array& x, Array& gradient) {
  gradient = Array(x.shape);
  values_.clear();
  double total = 0;
  for (const auto& part : parts_) {
    Array own;
    total += part->evaluate(step, x, own);
    for (size_t i = 0; i < own.values.size(); ++i) gradient.values[i] += own.values[i];
    values_.insert(values_.end(), part->values().begin(), part->values().end());
  }
  return total;
}

std::string SumEvaluator::first_not_finite() {
  for (const auto& part : parts_)
    if (const std::string where = part->first_not_finite(); !where.empty()) return where;
  return "";
}

}  // namespace convlens::viz
