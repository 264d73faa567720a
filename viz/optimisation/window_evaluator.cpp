#include "viz/optimisation/window_evaluator.h"

#include <algorithm>
#include <numeric>

#include "engine/array_part.h"
#include "viz/optimisation/not_finite.h"

namespace convlens::viz {

WindowRequest WindowTerms::request(const std::string& input) const {
  WindowRequest request{.input = input, .gradient = true};
  for (const LocalTerm& term : local) request.maps.push_back(term.layer);
  for (const GramTerm& term : gram) request.grams.push_back(term.gram);
  return request;
}

WindowEvaluator::WindowEvaluator(WindowTerms terms, std::unique_ptr<WindowSession> session)
    : terms_(std::move(terms)), session_(std::move(session)), values_(terms_.local.size() + terms_.gram.size()) {}

std::vector<std::string> WindowEvaluator::names() const {
  std::vector<std::string> names;
  for (const LocalTerm& term : terms_.local) names.push_back(term.name);
  for (const GramTerm& term : terms_.gram) names.push_back(term.name);
  return names;
}

double WindowEvaluator::evaluate(int64_t, const Array& x, Array& gradient) {
  x_ = x;
  std::ranges::fill(values_, 0);
  gradient = Array(x.shape);
  gram_losses_ = gram_losses(x);
  const size_t windows = session_->grid().size();
  for (size_t i = windows; i-- > 0;) {
    // The last window is still there from the sums.
    if (gram_losses_.empty() || i + 1 < windows) session_->forward(i, x);
    session_->session().backward(losses(i));
    add_to_part(session_->session().gradient(session_->input()), session_->grid().window(i), gradient);
  }
  return std::accumulate(values_.begin(), values_.end(), 0.0);
}

// Of the window's own places.
std::vector<Loss> WindowEvaluator::local_losses(size_t window) {
  std::vector<Loss> losses;
  for (size_t i = 0; i < terms_.local.size(); ++i) {
    const LocalTerm& term = terms_.local[i];
    const auto evaluate = [this, &term, &value = values_[i], window](const Array& map, Array& gradient) {
      const Region part = session_->grid().own_in_window(window, term.layer);
      Array own = part_of(map, part), of_own(own.shape);
      const double summand = term.weight * term.evaluate(own, session_->grid().own(window, term.layer), of_own);
      for (float& g : of_own.values) g *= static_cast<float>(term.weight);
      add_to_part(of_own, part, gradient);
      value += summand;
      return summand;
    };
    losses.push_back({term.layer, evaluate});
  }
  return losses;
}

// The gradient by a window's Gram matrix is that by their sum.
std::vector<Loss> WindowEvaluator::gram_losses(const Array& x) {
  std::vector<Loss> losses;
  std::vector<Array> grams = session_->grams(x);
  for (size_t i = 0; i < grams.size(); ++i) {
    const GramTerm& term = terms_.gram[i];
    Array& gradient = grams[i];
    double squares = 0;
    for (size_t k = 0; k < gradient.values.size(); ++k) {
      const double difference = gradient.values[k] / term.divisor - term.target.values[k];
      squares += difference * difference;
      gradient.values[k] = static_cast<float>(2 * term.weight * difference / term.divisor);
    }
    values_[terms_.local.size() + i] = term.weight * squares;
    losses.push_back(projection(session_->plan().grams[i], gradient));
  }
  return losses;
}

std::vector<Loss> WindowEvaluator::losses(size_t window) {
  std::vector<Loss> losses = local_losses(window);
  losses.insert(losses.end(), gram_losses_.begin(), gram_losses_.end());
  return losses;
}

std::string WindowEvaluator::first_not_finite() {
  for (size_t i = 0; i < session_->grid().size(); ++i) {
    session_->forward(i, x_);
    const std::string where = viz::first_not_finite(session_->plan().network, session_->session(), losses(i));
    if (!where.empty()) return where;
  }
  return "";
}

}  // namespace convlens::viz
