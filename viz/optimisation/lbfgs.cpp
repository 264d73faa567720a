#include "viz/optimisation/lbfgs.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>

#include "kernels/base/error.h"
#include "kernels/base/params.h"
#include "viz/exact_numbers.h"
#include "viz/text.h"

namespace convlens::viz {
namespace {

auto as_vector(std::span<const float> v) {
  return Eigen::Map<const Eigen::VectorXf>(v.data(), static_cast<Eigen::Index>(v.size()));
}

auto as_vector(std::span<float> v) {
  return Eigen::Map<Eigen::VectorXf>(v.data(), static_cast<Eigen::Index>(v.size()));
}

double dot(std::span<const float> a, std::span<const float> b) {
  return as_vector(a).cast<double>().dot(as_vector(b).cast<double>());
}

// to + factor * v, rounded once.
void add_scaled(std::span<float> to, double factor, std::span<const float> v) {
  as_vector(to) = (as_vector(to).cast<double>() + factor * as_vector(v).cast<double>()).cast<float>();
}

double largest(std::span<const float> v) {
  float most = 0;
  for (const float value : v) most = std::max(most, std::abs(value));
  return most;
}

}  // namespace

void LbfgsParams::describe(ParamVisitor& v) {
  v.field({.name = "history", .doc = "changes of point and gradient that are remembered", .min = 1, .max = 1000},
          history);
  v.field({.name = "search_trials", .doc = "evaluations after which a line search gives up", .min = 1}, search_trials);
  v.field({.name = "gradient_tolerance", .doc = "stop where no component of the gradient is above this", .min = 0},
          gradient_tolerance);
  v.field({.name = "value_tolerance", .doc = "stop where a step changes the value by less than this part", .min = 0},
          value_tolerance);
}

Lbfgs::Lbfgs(const LbfgsParams& params, std::span<const float> start)
    : params_(params), iterate_(start.begin(), start.end()), trial_(iterate_) {}

void Lbfgs::tell(double value, std::span<const float> gradient) {
  if (gradient.size() != trial_.size())
    throw InternalError("L-BFGS was told a gradient of " + std::to_string(gradient.size()) + " numbers for " +
                        std::to_string(trial_.size()));
  if (stopped()) throw InternalError("L-BFGS was told a value after it had stopped");
  const double slope = direction_.empty() ? 0 : dot(gradient, direction_);
  if (!std::isfinite(value) || !as_vector(gradient).allFinite()) return stop("value or gradient is no number");
  if (!search_ || search_->tell(value, slope) == WolfeSearch::Verdict::accepted) return accept(value, gradient);
  if (search_->trials() >= params_.search_trials)
    return search_failed("found no step after " + std::to_string(search_->trials()) + " evaluations");
  go_to_trial();
}

void Lbfgs::accept(double value, std::span<const float> gradient) {
  const bool first = !search_;
  const double change = first ? INFINITY : (value_ - value) / std::max(std::abs(value_), std::abs(value));
  if (!first) {
    remember(gradient);
    ++iterations_;
  }
  iterate_ = trial_;
  gradient_.assign(gradient.begin(), gradient.end());
  value_ = value;
  if (const double steepest = largest(gradient_); steepest <= params_.gradient_tolerance)
    return stop("the gradient's largest component is " + significant(steepest, 3));
  if (change < params_.value_tolerance)
    return stop("the last step changed the value by a part of " + significant(change, 3));
  search_anew();
}

// A pair whose product is not positive would turn descent into ascent. Wolfe's conditions exclude it but for rounding.
void Lbfgs::remember(std::span<const float> gradient) {
  Pair pair{trial_, {gradient.begin(), gradient.end()}, 0};
  add_scaled(pair.point, -1, iterate_);
  add_scaled(pair.gradient, -1, gradient_);
  const double product = dot(pair.point, pair.gradient);
  if (!(product > 0)) return;
  pair.reciprocal = 1 / product;
  pairs_.push_back(std::move(pair));
  if (std::ssize(pairs_) > params_.history) pairs_.pop_front();
}

void Lbfgs::search_anew() {
  choose_direction();
  const double slope = dot(gradient_, direction_);
  if (!(slope < 0)) return search_failed("has no direction of descent");
  // A quasi-Newton step is about right as it is; the first one is of length 1.
  const double first_step = pairs_.empty() ? 1 / std::sqrt(dot(direction_, direction_)) : 1;
  search_.emplace(value_, slope, first_step);
  go_to_trial();
}

// -H g by the two loops of algorithm 7.4, from H = s.y / y.y of the newest pair.
void Lbfgs::choose_direction() {
  direction_ = gradient_;
  std::vector<double> shares(pairs_.size());
  for (size_t i = pairs_.size(); i-- > 0;) {
    shares[i] = pairs_[i].reciprocal * dot(pairs_[i].point, direction_);
    add_scaled(direction_, -shares[i], pairs_[i].gradient);
  }
  double scale = -1;
  if (!pairs_.empty()) scale /= pairs_.back().reciprocal * dot(pairs_.back().gradient, pairs_.back().gradient);
  as_vector(std::span<float>(direction_)) *= static_cast<float>(scale);
  for (size_t i = 0; i < pairs_.size(); ++i) {
    const double share = pairs_[i].reciprocal * dot(pairs_[i].gradient, direction_);
    add_scaled(direction_, -shares[i] - share, pairs_[i].point);
  }
}

// What was remembered may be what misleads: without it, once more along the steepest descent.
void Lbfgs::search_failed(const std::string& how) {
  if (pairs_.empty()) return stop("the line search along the steepest descent " + how);
  pairs_.clear();
  search_anew();
}

void Lbfgs::go_to_trial() {
  trial_ = iterate_;
  add_scaled(trial_, search_->step(), direction_);
}

void Lbfgs::stop(const std::string& reason) {
  trial_ = iterate_;
  reason_ = reason;
}

Json Lbfgs::state() const {
  Json state{{"iterate", to_binary(iterate_)},
             {"gradient", to_binary(gradient_)},
             {"direction", to_binary(direction_)},
             {"trial", to_binary(trial_)},
             {"value", value_},
             {"iterations", iterations_},
             {"reason", reason_},
             {"pairs", Json::array()},
             {"search", Json()}};
  for (const Pair& pair : pairs_)
    state["pairs"].push_back({to_binary(pair.point), to_binary(pair.gradient), pair.reciprocal});
  if (search_) state["search"] = search_->state();
  return state;
}

void Lbfgs::restore(const Json& state) {
  const size_t size = trial_.size();
  const auto read = [&](const Json& json) {
    Vector vector(size);
    copy_exactly(json, vector);
    return vector;
  };
  iterate_ = read(state.at("iterate"));
  trial_ = read(state.at("trial"));
  value_ = state.at("value");
  iterations_ = state.at("iterations");
  reason_ = state.at("reason");
  pairs_.clear();
  for (const Json& pair : state.at("pairs")) pairs_.push_back({read(pair.at(0)), read(pair.at(1)), pair.at(2)});
  gradient_.clear();
  direction_.clear();
  search_.reset();
  if (state.at("search").is_null()) return;
  gradient_ = read(state.at("gradient"));
  direction_ = read(state.at("direction"));
  search_.emplace(0, 0, 0).restore(state.at("search"));
}

}  // namespace convlens::viz
