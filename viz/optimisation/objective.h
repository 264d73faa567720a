#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/session.h"

namespace convlens::viz {

/// A summand of what is minimised.
struct Term {
  std::string name;
  Loss loss;
  double weight = 1;
};

/// The sum of what a layer such as gram_loss or total_variation gives, N x 1 x 1 x 1, over the batch.
Loss layer_sum(const std::string& layer);

/// The weighted sum of terms.
class Objective {
 public:
  explicit Objective(std::vector<Term> terms) : terms_(std::move(terms)), values_(terms_.size()) {}

  const std::vector<Term>& terms() const { return terms_; }
  std::vector<std::string> layers() const;  ///< at which terms attach, for PlanRequest::losses

  /// Runs the session forwards and back. Returns the sum.
  double evaluate(Session& session, BackwardMode mode = BackwardMode::standard);
  /// weight * term, of each term, as evaluate() found them.
  std::span<const double> values() const { return values_; }

 private:
  std::vector<Term> terms_;
  std::vector<double> values_;
};

}  // namespace convlens::viz
