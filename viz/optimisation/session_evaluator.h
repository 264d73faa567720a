#pragma once

#include <functional>
#include <memory>

#include "viz/optimisation/evaluator.h"
#include "viz/optimisation/objective.h"

namespace convlens::viz {

/// By one input of a session's network.
class SessionEvaluator final : public Evaluator {
 public:
  /// Sets the session's inputs besides what is optimised, such as a random jitter, which must follow from the seed and
  /// `step` alone.
  using Before = std::function<void(int64_t step, Session&)>;

  /// `session`: of `network`.
  SessionEvaluator(
      Objective objective, Model network, std::unique_ptr<Session> session, std::string input,
      Before before = [](int64_t, Session&) {});

  std::vector<std::string> names() const override;
  double evaluate(int64_t step, const Array& x, Array& gradient) override;
  std::span<const double> values() const override { return objective_.values(); }
  std::string first_not_finite() override;

 private:
  Objective objective_;
  Model network_;
  std::unique_ptr<Session> session_;
  std::string input_;
  Before before_;
};

}  // namespace convlens::viz
