#pragma once

#include <optional>

#include "kernels/base/json.h"

namespace convlens::viz {

/// When a step t along a direction is good: the strong Wolfe conditions
///     phi(t) <= phi(0) + decrease t phi'(0)   and   |phi'(t)| <= curvature |phi'(0)|.
struct WolfeConditions {
  double decrease = 1e-4, curvature = 0.9;
};

/// Finds such a step by asking for one trial after another, so that whoever evaluates may stop in between.
/// Nocedal and Wright, "Numerical Optimization" (2006), algorithms 3.5 and 3.6, as one: steps grow until one encloses a
/// good step, then cubics through both ends shrink the interval. Safeguards as in Moré and Thuente, "Line Search
/// Algorithms with Guaranteed Sufficient Decrease" (1994).
class WolfeSearch {
 public:
  /// Value and slope of phi at a step.
  struct Trial {
    double step, value, slope;
  };
  enum class Verdict { accepted, another };

  /// phi(0), phi'(0) < 0, and the first step to try.
  WolfeSearch(double value, double slope, double first_step, WolfeConditions conditions = {});

  double step() const { return step_; }       ///< to be tried next; the accepted one in the end
  int64_t trials() const { return trials_; }  ///< told so far
  Verdict tell(double value, double slope);   ///< phi and phi' at step(), both finite

  Json state() const;
  void restore(const Json& state);

 private:
  double beyond(const Trial& last) const;
  double between();

  WolfeConditions conditions_;
  Trial start_, low_;          // low_: the lowest among the steps of sufficient decrease
  std::optional<Trial> high_;  // the other end; none as long as no interval encloses a good step
  double step_, last_width_ = 0;
  int64_t trials_ = 0;
};

}  // namespace convlens::viz
