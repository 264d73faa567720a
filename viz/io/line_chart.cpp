#include "viz/io/line_chart.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

namespace convlens::viz {
namespace {

std::string number(const char* format, double value) {
  char text[32];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

struct Interval {
  double low = 0.0, high = 1.0;
};

// Maps an interval of values to one of positions.
struct Mapping {
  Interval from;
  double to_low, to_high;
  double operator()(double value) const {
    return to_low + (value - from.low) / (from.high - from.low) * (to_high - to_low);
  }
};

// What is drawn for a value: itself, or its decimal logarithm (NaN where there is none).
double on_axis(Axis axis, double value) {
  if (axis == Axis::linear) return value;
  return value > 0.0 ? std::log10(value) : std::numeric_limits<double>::quiet_NaN();
}

Interval drawn_interval(const LineChart& chart) {
  Interval found{std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()};
  for (const Series& series : chart.series) {
    for (const double value : series.values) {
      const double drawn = on_axis(chart.y_axis, value);
      if (std::isfinite(drawn)) found = {std::min(found.low, drawn), std::max(found.high, drawn)};
    }
  }
  if (found.low > found.high) return {0.0, 1.0};
  if (found.low == found.high) {
    const double margin = found.low == 0.0 ? 1.0 : std::abs(found.low) / 2.0;
    return {found.low - margin, found.high + margin};
  }
  return found;
}

// The smallest of 1, 2, 5 times a power of ten that divides the extent into at most `count` steps.
double tick_step(double extent, int count) {
  const double power = std::pow(10.0, std::floor(std::log10(extent / count)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (extent / (factor * power) <= count) return factor * power;
  }
  return 10.0 * power;
}

Interval round_outwards(Interval interval, double step) {
  return {std::floor(interval.low / step) * step, std::ceil(interval.high / step) * step};
}

std::vector<ChartGeometry::Tick> ticks(const Mapping& mapping, double step, Axis axis) {
  std::vector<ChartGeometry::Tick> result;
  const double first = std::ceil(mapping.from.low / step - 1e-9);
  for (double i = first; i * step <= mapping.from.high + 1e-9 * step; ++i) {
    const double value = i * step + 0.0;  // -0 becomes 0
    result.push_back({mapping(value), number("%.6g", axis == Axis::linear ? value : std::pow(10.0, value))});
  }
  return result;
}

std::string path(const Series& series, Axis axis, const Mapping& x, const Mapping& y) {
  std::string commands;
  bool pen_down = false;
  for (size_t step = 0; step < series.values.size(); ++step) {
    const double drawn = on_axis(axis, series.values[step]);
    if (std::isfinite(drawn)) {
      commands += pen_down ? "L" : "M";
      commands += number("%.2f", x(static_cast<double>(step))) + " " + number("%.2f", y(drawn));
      // A round cap makes a dot of a line without length, so that a lone value shows.
      if (!pen_down) commands += "h0";
    }
    pen_down = std::isfinite(drawn);
  }
  return commands;
}

}  // namespace

ChartGeometry lay_out(const LineChart& chart) {
  size_t steps = 2;
  for (const Series& series : chart.series) steps = std::max(steps, series.values.size());
  const Mapping x{{0.0, static_cast<double>(steps - 1)}, ChartGeometry::left, ChartGeometry::right};

  Interval drawn = drawn_interval(chart);
  double step = tick_step(drawn.high - drawn.low, 5);
  if (chart.y_axis == Axis::logarithmic) step = std::max(1.0, std::ceil(step));
  drawn = round_outwards(drawn, step);
  const Mapping y{drawn, ChartGeometry::bottom, ChartGeometry::top};

  ChartGeometry geometry;
  geometry.x_ticks = ticks(x, std::max(1.0, tick_step(x.from.high, 8)), Axis::linear);
  geometry.y_ticks = ticks(y, step, chart.y_axis);
  for (const Series& series : chart.series) {
    geometry.curves.push_back({series.name, path(series, chart.y_axis, x, y)});
  }
  return geometry;
}

}  // namespace convlens::viz
