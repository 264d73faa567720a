#pragma once

#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kernels/base/params.h"
#include "viz/optimisation/wolfe_search.h"

namespace convlens::viz {

struct LbfgsParams final : Params {
  int64_t history = 20, search_trials = 20;
  double gradient_tolerance = 0, value_tolerance = 1e-9;

  void describe(ParamVisitor& v) override;
};

/// Minimises a smooth function of many variables: quasi-Newton directions from the last changes of point and gradient,
/// a step of each that meets the strong Wolfe conditions. (Nocedal and Wright, "Numerical Optimization", 2006,
/// algorithms 7.4 and 7.5). It asks and is told, so that its user counts evaluations and may save between any two:
///
///     Lbfgs lbfgs({}, start);
///     while (!lbfgs.stopped()) lbfgs.tell(f(lbfgs.point()), gradient_of_f(lbfgs.point()));
///
/// Points and gradients are floats, products of them sums in double in a fixed order: a restored state goes on to the
/// same bits.
class Lbfgs {
 public:
  Lbfgs(const LbfgsParams& params, std::span<const float> start);

  /// Where the function is wanted next; the best point known once it has stopped.
  std::span<const float> point() const { return trial_; }
  void tell(double value, std::span<const float> gradient);

  bool stopped() const { return !reason_.empty(); }
  const std::string& reason() const { return reason_; }  ///< why it stopped; empty while it goes on

  /// The last point that was accepted, and the value there: it only ever goes down.
  std::span<const float> iterate() const { return iterate_; }
  double value() const { return value_; }
  int64_t iterations() const { return iterations_; }  ///< points accepted after the first

  Json state() const;  ///< for restore() of one with the same parameters; exact as CBOR
  void restore(const Json& state);

 private:
  using Vector = std::vector<float>;

  /// One change of the point, that of the gradient, and 1 / their product.
  struct Pair {
    Vector point, gradient;
    double reciprocal;
  };

  void accept(double value, std::span<const float> gradient);
  void remember(std::span<const float> gradient);
  void search_anew();
  void choose_direction();
  void search_failed(const std::string& how);
  void go_to_trial();
  void stop(const std::string& reason);

  LbfgsParams params_;
  Vector iterate_, gradient_, direction_, trial_;
  double value_ = 0;
  std::deque<Pair> pairs_;             // the oldest first
  std::optional<WolfeSearch> search_;  // none before the first evaluation
  int64_t iterations_ = 0;
  std::string reason_;
};

}  // namespace convlens::viz
