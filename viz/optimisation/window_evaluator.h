#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "viz/optimisation/evaluator.h"
#include "viz/optimisation/window_session.h"

namespace convlens::viz {

/// weight * a sum over the places of a layer's map.
struct LocalTerm {
  std::string name, layer;
  double weight = 1;
  /// Of the part of the map that lies in `where`, 1 x C x h x w: returns its summand and adds its gradient.
  std::function<double(const Array& part, const Region& where, Array& gradient)> evaluate;
};

/// weight * the sum of squares of G / divisor - target, G: the Gram matrix of a layer's features.
struct GramTerm {
  std::string name;
  GramSum gram;
  Array target;  ///< of C x C elements
  double divisor = 1, weight = 1;
};

struct WindowTerms {
  std::vector<LocalTerm> local;
  std::vector<GramTerm> gram;

  /// What they want of a network, and the gradient by its input.
  WindowRequest request(const std::string& input) const;
};

/// An objective whose network sees a picture window by window. Gram matrices are summed over all windows before the
/// sweeps back, for which each window but one is run again. Equal to one sweep over the whole picture, up to rounding.
class WindowEvaluator final : public Evaluator {
 public:
  /// `session`: of the terms' request.
  WindowEvaluator(WindowTerms terms, std::unique_ptr<WindowSession> session);

  std::vector<std::string> names() const override;
  double evaluate(int64_t step, const Array& x, Array& gradient) override;
  std::span<const double> values() const override { return values_; }
  std::string first_not_finite() override;

 private:
  std::vector<Loss> local_losses(size_t window);
  std::vector<Loss> gram_losses(const Array& x);
  std::vector<Loss> losses(size_t window);

  WindowTerms terms_;
  std::unique_ptr<WindowSession> session_;
  std::vector<double> values_;     // local terms first
  Array x_;                        // of the last evaluation,
  std::vector<Loss> gram_losses_;  // and its gradients by Gram matrices
};

}  // namespace convlens::viz
