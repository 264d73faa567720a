#pragma once

#include <cmath>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "tests/networks/golden_input.h"

namespace convlens::test {

/// Returns the value at a point and writes the gradient, as tools/make_optimisation_golden.py has them.
using Function = std::function<double(std::span<const float> x, std::span<float> gradient)>;

inline double rosenbrock(std::span<const float> x, std::span<float> gradient) {
  std::vector<double> g(x.size());
  double sum = 0;
  for (size_t i = 0; i + 1 < x.size(); ++i) {
    const double a = x[i], rise = x[i + 1] - a * a;
    sum += 100 * rise * rise + (1 - a) * (1 - a);
    g[i] += -400 * a * rise - 2 * (1 - a);
    g[i + 1] += 200 * rise;
  }
  std::ranges::copy(g, gradient.begin());
  return sum;
}

inline double quadratic(std::span<const float> x, std::span<float> gradient) {
  const auto n = static_cast<int64_t>(x.size());
  const Array centre = uniform("quadratic", 1, {n});
  double sum = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double curvature = std::pow(1e4, static_cast<double>(i) / static_cast<double>(n - 1));
    const double away = static_cast<double>(x[i]) - static_cast<double>(centre.values[i]);
    sum += curvature * away * away / 2;
    gradient[i] = static_cast<float>(curvature * away);
  }
  return sum;
}

inline double softplus(std::span<const float> x, std::span<float> gradient) {
  constexpr int64_t rows = 60;
  const Array a = uniform("softplus", 1, {rows, static_cast<int64_t>(x.size())});
  std::vector<double> g(x.size());
  double sum = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    sum += 0.05 * x[i] * x[i];
    g[i] = 0.1 * x[i];
  }
  for (size_t row = 0; row < rows; ++row) {
    const float* of_row = &a.values[row * x.size()];
    double z = 0;
    for (size_t i = 0; i < x.size(); ++i) z += static_cast<double>(of_row[i]) * x[i];
    sum += std::log1p(std::exp(z));
    for (size_t i = 0; i < x.size(); ++i) g[i] += of_row[i] / (1 + std::exp(-z));
  }
  std::ranges::copy(g, gradient.begin());
  return sum;
}

struct TestProblem {
  Function function;
  std::vector<float> start;
};

inline const std::map<std::string, TestProblem>& test_problems() {
  static const std::map<std::string, TestProblem> problems = [] {
    std::vector<float> zigzag(100, 1);
    for (size_t i = 0; i < zigzag.size(); i += 2) zigzag[i] = -1.2F;
    return std::map<std::string, TestProblem>{{"rosenbrock_2", {rosenbrock, {-1.2F, 1}}},
                                              {"rosenbrock_100", {rosenbrock, zigzag}},
                                              {"quadratic_50", {quadratic, std::vector<float>(50, 0)}},
                                              {"softplus_30", {softplus, std::vector<float>(30, 1)}}};
  }();
  return problems;
}

}  // namespace convlens::test
