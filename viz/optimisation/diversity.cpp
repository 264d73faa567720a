#include "viz/optimisation/diversity.h"

#include <cmath>
#include <numeric>
#include <span>
#include <vector>

namespace convlens::viz {
namespace {

double dot(std::span<const double> a, std::span<const double> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

// With unit vectors u_i = v_i / |v_i|, s = sum u_i and P = n (n - 1) / 2 pairs:
//   L = (|s|^2 - sum |u_i|^2) / 2P,   dL/dv_i = (s - (s . u_i) u_i) / (P |v_i|)
double evaluate(const Array& value, Array& gradient) {
  const auto images = static_cast<size_t>(value.shape.n()), size = value.values.size() / images;
  const double pairs = static_cast<double>(images * (images - 1)) / 2;
  std::vector<std::vector<double>> unit;
  std::vector<double> norm, sum(size);
  double own = 0;
  for (size_t n = 0; n < images; ++n) {
    const auto begin = value.values.begin() + static_cast<int64_t>(n * size);
    auto& u = unit.emplace_back(begin, begin + static_cast<int64_t>(size));
    norm.push_back(std::sqrt(dot(u, u)));
    if (norm[n] > 0)
      for (double& x : u) x /= norm[n];
    for (size_t i = 0; i < size; ++i) sum[i] += u[i];
    own += dot(u, u);
  }
  for (size_t n = 0; n < images; ++n) {
    if (norm[n] == 0) continue;
    const double along = dot(sum, unit[n]);
    for (size_t i = 0; i < size; ++i)
      gradient.values[n * size + i] += static_cast<float>((sum[i] - along * unit[n][i]) / (pairs * norm[n]));
  }
  return (dot(sum, sum) - own) / (2 * pairs);
}

}  // namespace

Loss mean_cosine(std::string layer) { return {std::move(layer), evaluate}; }

}  // namespace convlens::viz
