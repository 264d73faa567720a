#include "viz/training/shapes.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "viz/training/random.h"

namespace convlens::viz {
namespace {

/// Whether a point lies in a shape of radius 1 around the origin.
struct ShapeFigure {
  std::string name;
  bool (*holds)(double x, double y);
};

const std::vector<ShapeFigure>& figures() {
  static const std::vector<ShapeFigure> list{
      {"circle", [](double x, double y) { return x * x + y * y <= 1; }},
      {"cross",
       [](double x, double y) {
         x = std::abs(x);
         y = std::abs(y);
         return std::max(x, y) <= 1 && std::min(x, y) <= 0.3;
       }},
      {"ring",
       [](double x, double y) {
         const double square = x * x + y * y;
         return square <= 1 && square >= 0.5 * 0.5;
       }},
      {"square", [](double x, double y) { return std::max(std::abs(x), std::abs(y)) <= 0.85; }},
      {"triangle", [](double x, double y) { return y <= 0.6 && 1.75 * std::abs(x) <= y + 1; }}};
  return list;
}

using Colour = std::array<double, 3>;

Colour random_colour(Random& random) { return {random.uniform(), random.uniform(), random.uniform()}; }

// One that stands out from the other.
Colour contrasting_colour(Random& random, const Colour& other) {
  for (;;) {
    const Colour colour = random_colour(random);
    double square = 0;
    for (size_t c = 0; c < 3; ++c) square += (colour[c] - other[c]) * (colour[c] - other[c]);
    if (square > 0.5 * 0.5) return colour;
  }
}

Image draw_mask(const ShapeFigure& figure, int size, Random& random) {
  constexpr int samples = 4;  // each way
  const double radius = random.uniform(0.24, 0.4) * size, margin = radius + 1;
  const double x0 = random.uniform(margin, size - margin), y0 = random.uniform(margin, size - margin);
  const double turn = random.uniform(0, 2 * std::numbers::pi), cosine = std::cos(turn), sine = std::sin(turn);
  Image mask = make_image(1, size, size);
  for (int i = 0; i < size * size * samples * samples; ++i) {
    const int row = i / (size * samples), column = i % (size * samples);
    const double x = ((column + 0.5) / samples - x0) / radius, y = ((row + 0.5) / samples - y0) / radius;
    if (figure.holds(cosine * x + sine * y, cosine * y - sine * x))
      mask.at(0, row / samples, column / samples) += 1.0F / (samples * samples);
  }
  return mask;
}

}  // namespace

const std::vector<std::string>& shape_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    for (const ShapeFigure& figure : figures()) list.push_back(figure.name);
    return list;
  }();
  return names;
}

DrawnShape draw_shape(int shape, int size, int64_t seed) {
  Random random(seed, shape);
  DrawnShape drawn{make_image(3, size, size), draw_mask(figures().at(static_cast<size_t>(shape)), size, random)};
  const Colour ground = random_colour(random), front = contrasting_colour(random, ground);
  const double slope_x = random.uniform(-0.3, 0.3), slope_y = random.uniform(-0.3, 0.3);
  const double noise = random.uniform(0, 0.05);
  for (int c = 0; c < 3; ++c)
    for (int y = 0; y < size; ++y)
      for (int x = 0; x < size; ++x) {
        const double covered = drawn.mask.at(0, y, x), back = ground[static_cast<size_t>(c)] +
                                                              slope_x * (1.0 * x / size - 0.5) +
                                                              slope_y * (1.0 * y / size - 0.5);
        const double value = covered * front[static_cast<size_t>(c)] + (1 - covered) * back + noise * random.normal();
        drawn.picture.at(c, y, x) = static_cast<float>(std::clamp(value, 0.0, 1.0));
      }
  return drawn;
}

}  // namespace convlens::viz
