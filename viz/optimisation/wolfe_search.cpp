#include "viz/optimisation/wolfe_search.h"

#include <algorithm>
#include <cmath>

namespace convlens::viz {
namespace {

using Trial = WolfeSearch::Trial;

// Where the cubic with these values and slopes has its minimum; NaN if it has none (Nocedal and Wright, 3.59).
double minimum_of_cubic(const Trial& a, const Trial& b) {
  const double d1 = a.slope + b.slope - 3 * (a.value - b.value) / (a.step - b.step);
  const double d2 = std::copysign(std::sqrt(d1 * d1 - a.slope * b.slope), b.step - a.step);
  return b.step - (b.step - a.step) * (b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2);
}

Json to_json(const Trial& t) { return {t.step, t.value, t.slope}; }

Trial trial_from(const Json& json) { return {json.at(0), json.at(1), json.at(2)}; }

}  // namespace

WolfeSearch::WolfeSearch(double value, double slope, double first_step, WolfeConditions conditions)
    : conditions_(conditions), start_{0, value, slope}, low_(start_), step_(first_step) {}

WolfeSearch::Verdict WolfeSearch::tell(double value, double slope) {
  ++trials_;
  const Trial trial{step_, value, slope}, last = low_;
  const bool too_high = value > start_.value + conditions_.decrease * step_ * start_.slope || value >= low_.value;
  if (!too_high && std::abs(slope) <= conditions_.curvature * std::abs(start_.slope)) return Verdict::accepted;
  if (too_high) {
    high_ = trial;
  } else {
    // A good step lies where the slope leads down to: back to low_, or onwards to high_ or to where nobody has been.
    const double onwards = high_ ? high_->step - low_.step : 1;
    if (slope * onwards >= 0) high_ = low_;
    low_ = trial;
  }
  step_ = high_ ? between() : beyond(last);
  return Verdict::another;
}

// 1.1 to 4 times as far again as from the last step to this one.
double WolfeSearch::beyond(const Trial& last) const {
  const double stride = low_.step - last.step, guess = minimum_of_cubic(last, low_);
  const double shortest = low_.step + 1.1 * stride, longest = low_.step + 4 * stride;
  return guess <= low_.step || std::isnan(guess) ? longest : std::clamp(guess, shortest, longest);
}

// In the inner part of the interval; in its middle if the last trial has not taken away a third of it.
double WolfeSearch::between() {
  const double width = high_->step - low_.step, guess = minimum_of_cubic(low_, *high_);
  const bool shrinks = last_width_ == 0 || std::abs(width) < 0.66 * last_width_;
  last_width_ = std::abs(width);
  const double part = (guess - low_.step) / width;
  return low_.step + width * (shrinks && std::isfinite(part) ? std::clamp(part, 0.1, 0.9) : 0.5);
}

Json WolfeSearch::state() const {
  return {
      {"start", to_json(start_)},  {"low", to_json(low_)}, {"high", high_ ? to_json(*high_) : Json()}, {"step", step_},
      {"last_width", last_width_}, {"trials", trials_}};
}

void WolfeSearch::restore(const Json& state) {
  start_ = trial_from(state.at("start"));
  low_ = trial_from(state.at("low"));
  high_.reset();
  if (!state.at("high").is_null()) high_ = trial_from(state.at("high"));
  step_ = state.at("step");
  last_width_ = state.at("last_width");
  trials_ = state.at("trials");
}

}  // namespace convlens::viz
