#pragma once

#include <string>
#include <vector>

namespace convlens::viz {

enum class Axis { linear, logarithmic };

/// Values over steps 0, 1, 2, ...; NaN, infinite and (on a logarithmic axis) non-positive values leave a gap.
struct Series {
  std::string name{};
  std::vector<double> values{};
};

/// One or several curves over the same steps, such as a loss and its terms.
struct LineChart {
  std::string title{};
  std::string x_label = "step";
  std::string y_label{};
  std::vector<Series> series{};
  Axis y_axis = Axis::linear;
};

/// Where everything of a chart lies on a canvas of width x height units, y downwards.
struct ChartGeometry {
  struct Tick {
    double position = 0.0;
    std::string label;
  };
  struct Curve {
    std::string name;
    std::string path;  ///< SVG path data: M and L commands
  };

  static constexpr double width = 720.0, height = 300.0;
  static constexpr double left = 64.0, right = 704.0, top = 16.0, bottom = 252.0;  ///< the plotting area

  std::vector<Tick> x_ticks, y_ticks;
  std::vector<Curve> curves{};
};

ChartGeometry lay_out(const LineChart& chart);

}  // namespace convlens::viz
