#include "viz/optimisation/objective.h"

#include <set>

namespace convlens::viz {
namespace {

// weight * loss, which also leaves its value.
Loss weighted(const Term& term, double& value) {
  const auto evaluate = [&term, &value](const Array& x, Array& gradient) {
    Array own(gradient.shape);
    value = term.weight * term.loss.evaluate(x, own);
    const auto weight = static_cast<float>(term.weight);
    for (size_t i = 0; i < own.values.size(); ++i) gradient.values[i] += weight * own.values[i];
    return value;
  };
  return {term.loss.layer, evaluate, term.loss.is_linear};
}

}  // namespace

Loss layer_sum(const std::string& layer) { return class_score(layer, 0); }

std::vector<std::string> Objective::layers() const {
  std::set<std::string> layers;
  for (const Term& term : terms_) layers.insert(term.loss.layer);
  return {layers.begin(), layers.end()};
}

double Objective::evaluate(Session& session, BackwardMode mode) {
  std::vector<Loss> losses;
  for (size_t i = 0; i < terms_.size(); ++i) losses.push_back(weighted(terms_[i], values_[i]));
  session.forward();
  return session.backward(losses, mode);
}

}  // namespace convlens::viz
