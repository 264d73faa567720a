#include "viz/optimisation/session_evaluator.h"

#include "viz/optimisation/not_finite.h"

namespace convlens::viz {

SessionEvaluator::SessionEvaluator(Objective objective, Model network, std::unique_ptr<Session> session,
                                   std::string input, Before before)
    : objective_(std::move(objective)),
      network_(std::move(network)),
      session_(std::move(session)),
      input_(std::move(input)),
      before_(std::move(before)) {}

std::vector<std::string> SessionEvaluator::names() const {
  std::vector<std::string> names;
  for (const Term& term : objective_.terms()) names.push_back(term.name);
  return names;
}

double SessionEvaluator::evaluate(int64_t step, const Array& x, Array& gradient) {
  before_(step, *session_);
  session_->set_input(input_, x);
  const double total = objective_.evaluate(*session_);
  gradient = session_->gradient(input_);
  return total;
}

std::string SessionEvaluator::first_not_finite() {
  std::vector<Loss> losses;
  for (const Term& term : objective_.terms()) losses.push_back(term.loss);
  return viz::first_not_finite(network_, *session_, losses);
}

}  // namespace convlens::viz
