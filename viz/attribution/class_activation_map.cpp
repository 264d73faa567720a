#include "viz/attribution/class_activation_map.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

namespace convlens::viz {
namespace {

std::span<const float> channel(const Array& array, size_t k) {
  const auto plane = static_cast<size_t>(array.shape.h() * array.shape.w());
  return std::span(array.values).subspan(k * plane, plane);
}

size_t channels(const Array& array) { return static_cast<size_t>(array.shape.c()); }

Image map_of(const Array& a, const std::vector<double>& sums) {
  Image map = make_image(1, static_cast<int>(a.shape.h()), static_cast<int>(a.shape.w()));
  std::ranges::transform(sums, map.values.begin(), [](double v) { return static_cast<float>(std::max(v, 0.0)); });
  return map;
}

std::vector<double> no_sums(const Array& a) {
  return std::vector<double>(static_cast<size_t>(a.shape.h() * a.shape.w()));
}

// w_k of Grad-CAM++.
double plus_plus_weight(std::span<const float> a, std::span<const float> g) {
  const double sum = std::accumulate(a.begin(), a.end(), 0.0);
  double weight = 0;
  for (const double slope : g) {
    const double below = 2 + slope * sum;  // the fraction shortened by the slope's square
    if (slope > 0 && below != 0) weight += slope / below;
  }
  return weight;
}

// One step of the power iteration: u becomes A A^T u / |A A^T u|; returns that length.
double iterate(const Array& a, std::vector<double>& u) {
  std::vector<double> next(u.size());
  for (size_t k = 0; k < channels(a); ++k) {
    const auto values = channel(a, k);
    const double along = std::inner_product(values.begin(), values.end(), u.begin(), 0.0);
    for (size_t i = 0; i < u.size(); ++i) next[i] += along * values[i];
  }
  const double length = std::sqrt(std::inner_product(next.begin(), next.end(), next.begin(), 0.0));
  if (length > 0)
    for (double& value : next) value /= length;
  u = next;
  return length;
}

}  // namespace

Image weighted_channels(const Array& a, const std::vector<double>& weights) {
  std::vector<double> sums = no_sums(a);
  for (size_t k = 0; k < channels(a); ++k) {
    const auto values = channel(a, k);
    for (size_t i = 0; i < sums.size(); ++i) sums[i] += weights[k] * values[i];
  }
  return map_of(a, sums);
}

Image grad_cam(const Array& a, const Array& g) {
  std::vector<double> weights;
  for (size_t k = 0; k < channels(a); ++k) {
    const auto slopes = channel(g, k);
    weights.push_back(std::accumulate(slopes.begin(), slopes.end(), 0.0) / static_cast<double>(slopes.size()));
  }
  return weighted_channels(a, weights);
}

Image grad_cam_plus_plus(const Array& a, const Array& g) {
  std::vector<double> weights;
  for (size_t k = 0; k < channels(a); ++k) weights.push_back(plus_plus_weight(channel(a, k), channel(g, k)));
  return weighted_channels(a, weights);
}

Image layer_cam(const Array& a, const Array& g) {
  std::vector<double> sums = no_sums(a);
  for (size_t k = 0; k < channels(a); ++k) {
    const auto values = channel(a, k), slopes = channel(g, k);
    for (size_t i = 0; i < sums.size(); ++i) sums[i] += std::max(slopes[i], 0.0F) * static_cast<double>(values[i]);
  }
  return map_of(a, sums);
}

// A v = |A v| u with u the first left singular vector, which is A A^T's eigenvector: found by power iteration, without
// ever forming A A^T.
Image eigen_cam(const Array& a) {
  constexpr int most_steps = 1000;
  std::vector<double> u(no_sums(a).size(), 1.0);
  double square = 0;
  for (int step = 0; step < most_steps; ++step) {
    const std::vector<double> before = u;
    square = iterate(a, u);
    double change = 0;
    for (size_t i = 0; i < u.size(); ++i) change = std::max(change, std::abs(u[i] - before[i]));
    if (change <= 1e-12) break;
  }
  const double sign = std::accumulate(u.begin(), u.end(), 0.0) < 0 ? -1 : 1;
  for (double& value : u) value *= sign * std::sqrt(square);
  return map_of(a, u);
}

}  // namespace convlens::viz
