#include "engine/window_layout.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include "engine/graph_regions.h"
#include "kernels/base/error.h"

namespace convlens {
namespace {

constexpr int64_t far = 8192;  // pixels: an edge at which hardly any layer sees all
constexpr int64_t units_looked_at = 32;

int64_t round_down(int64_t value, int64_t unit) { return value / unit * unit; }
int64_t round_up(int64_t value, int64_t unit) { return (value + unit - 1) / unit * unit; }

// The part of the network on which these layers depend.
Model part_leading_to(const Model& network, const std::vector<std::string>& layers) {
  const auto needed = with_ancestors(network, {layers.begin(), layers.end()});
  Model part{.name = network.name};
  for (const InputSpec& input : network.inputs)
    if (needed.contains(input.name)) part.inputs.push_back(input);
  for (const Layer& layer : network.layers)
    if (needed.contains(layer.name)) part.layers.push_back(layer);
  return part;
}

IndexRange along(const Region& region, size_t axis) { return axis == 0 ? region.y : region.x; }

// Far from all edges, where padding plays no part.
Footprint footprint_of(const GraphRegions& regions, const std::string& layer, const std::string& input, size_t axis) {
  const Shape& map = regions.shape(layer);
  const int64_t middle = (axis == 0 ? map.h() : map.w()) / 2;
  const auto seen = [&](int64_t i) {
    return along(regions.receptive_field(layer, unit_at(middle + i, middle + i), input), axis);
  };
  if (middle < units_looked_at) throw InputError("layer '" + layer + "' depends on the whole picture");
  const IndexRange first = seen(0), second = seen(1);
  const int64_t stride = second.begin - first.begin;
  for (int64_t i = 0; i <= units_looked_at; ++i)
    if (const IndexRange unit = seen(i); stride < 1 || unit.begin != first.begin + i * stride ||
                                         unit.end != first.end + i * stride || unit.begin <= 0 || unit.end >= far)
      throw InputError("layer '" + layer + "' depends on " +
                       (unit.size() == far ? "the whole picture" : "its surroundings in another way at each place"));
  return {stride, stride * middle - first.begin, first.end - stride * middle};
}

// What all layers need of windows along an axis.
struct Margins {
  int64_t unit = 1;               // begins and borders are multiples of it
  int64_t before = 0, after = 0;  // more than a window's own part, in pixels
};

// Nothing, where a window is too small to have a part of its own.
std::optional<WindowAxis> cover(int64_t extent, int64_t size, const Margins& margins) {
  WindowAxis axis{extent, size, {0}, {0}};
  while (axis.begins.back() + size < extent) {
    const int64_t border = round_down(axis.begins.back() + size - margins.after, margins.unit);
    const int64_t begin = std::min(border - margins.before, extent - size);
    if (border <= axis.borders.back() || begin <= axis.begins.back()) return std::nullopt;
    axis.borders.push_back(border);
    axis.begins.push_back(begin);
  }
  axis.borders.push_back(extent);
  return axis;
}

IndexRange own_part(const WindowAxis& axis, size_t i, int64_t stride, int64_t map) {
  return {axis.borders[i] / stride, i + 2 == axis.borders.size() ? map : axis.borders[i + 1] / stride};
}

IndexRange moved(const IndexRange& range, int64_t by) { return {range.begin + by, range.end + by}; }

}  // namespace

WindowGrid::WindowGrid(WindowAxis rows, WindowAxis columns, std::map<std::string, Pair> strides,
                       std::map<std::string, Pair> maps)
    : rows_(std::move(rows)), columns_(std::move(columns)), strides_(std::move(strides)), maps_(std::move(maps)) {}

int64_t WindowGrid::area() const { return static_cast<int64_t>(size()) * rows_.size * columns_.size; }

Region WindowGrid::window(size_t i) const {
  const int64_t y = rows_.begins[i / columns_.begins.size()], x = columns_.begins[i % columns_.begins.size()];
  return {{y, y + rows_.size}, {x, x + columns_.size}};
}

Region WindowGrid::own(size_t i, const std::string& layer) const {
  const auto [stride_y, stride_x] = strides_.at(layer);
  const auto [height, width] = maps_.at(layer);
  return {own_part(rows_, i / columns_.begins.size(), stride_y, height),
          own_part(columns_, i % columns_.begins.size(), stride_x, width)};
}

Region WindowGrid::own_in_window(size_t i, const std::string& layer) const {
  const Region part = own(i, layer), place = window(i);
  const auto [stride_y, stride_x] = strides_.at(layer);
  return {moved(part.y, -place.y.begin / stride_y), moved(part.x, -place.x.begin / stride_x)};
}

Pair WindowGrid::window_map(const std::string& layer) const {
  const auto [stride_y, stride_x] = strides_.at(layer);
  const auto [height, width] = maps_.at(layer);
  return {height - (rows_.extent - rows_.size) / stride_y, width - (columns_.extent - columns_.size) / stride_x};
}

WindowGrid whole_picture(const Model& network, const std::string& input, const std::vector<std::string>& layers,
                         Pair picture) {
  const int64_t channels = network.find_input(input)->shape.c();
  const Model part = part_leading_to(network, layers);
  const GraphRegions regions(part, {{input, {1, channels, picture[0], picture[1]}}});
  std::map<std::string, Pair> strides, maps;
  for (const std::string& layer : layers) {
    strides[layer] = {1, 1};
    maps[layer] = {regions.shape(layer).h(), regions.shape(layer).w()};
  }
  const auto axis = [](int64_t extent) { return WindowAxis{extent, extent, {0}, {0, extent}}; };
  return {axis(picture[0]), axis(picture[1]), strides, maps};
}

WindowLayout::WindowLayout(const Model& network, const std::string& input, const std::vector<std::string>& layers,
                           Pair picture)
    : picture_(picture) {
  const Model part = part_leading_to(network, layers);
  const InputSpec* spec = part.find_input(input);
  if (!spec) throw InputError("none of the layers depends on the input '" + input + "'");
  const auto regions_at = [&](int64_t height, int64_t width) {
    return GraphRegions(part, {{input, {1, spec->shape.c(), height, width}}});
  };
  const GraphRegions regions = regions_at(far, far), whole = regions_at(picture[0], picture[1]);
  for (const std::string& layer : layers) {
    const std::array<Footprint, 2> both{footprint_of(regions, layer, input, 0), footprint_of(regions, layer, input, 1)};
    footprints_[layer] = both;
    strides_[layer] = {both[0].stride, both[1].stride};
    maps_[layer] = {whole.shape(layer).h(), whole.shape(layer).w()};
  }
}

// With one window, with two, and so on, each time of the least size.
std::vector<WindowAxis> WindowLayout::axes(size_t axis) const {
  Margins margins;
  for (const auto& [layer, both] : footprints_) margins.unit = std::lcm(margins.unit, both[axis].stride);
  for (const auto& [layer, both] : footprints_) {
    margins.before = std::max(margins.before, round_up(both[axis].before, margins.unit));
    margins.after = std::max(margins.after, both[axis].after - both[axis].stride);
  }
  std::vector<WindowAxis> axes;
  for (int64_t size = picture_[axis]; size > 0; size -= margins.unit) {
    auto covered = cover(picture_[axis], size, margins);
    if (!covered) break;
    if (!axes.empty() && axes.back().begins.size() == covered->begins.size()) axes.pop_back();
    axes.push_back(std::move(*covered));
  }
  return axes;
}

std::vector<WindowGrid> WindowLayout::grids() const {
  std::vector<WindowGrid> grids;
  const auto columns = axes(1);
  for (const WindowAxis& rows : axes(0))
    for (const WindowAxis& column : columns) grids.emplace_back(rows, column, strides_, maps_);
  std::ranges::stable_sort(grids, {}, &WindowGrid::area);
  return grids;
}

}  // namespace convlens
