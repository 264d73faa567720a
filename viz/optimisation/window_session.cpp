#include "viz/optimisation/window_session.h"

#include "engine/array_part.h"
#include "engine/device_memory.h"
#include "kernels/base/error.h"
#include "kernels/base/json.h"
#include "viz/text.h"

namespace convlens::viz {
namespace {

// The layers whose maps a window must have as the whole picture has them.
std::vector<std::string> layers_of(const WindowRequest& request) {
  std::vector<std::string> layers = request.maps;
  for (const GramSum& gram : request.grams) layers.push_back(gram.layer);
  return layers;
}

/// A network with what sums up Gram matrices behind it, whatever the windows.
class WindowPlanner {
 public:
  WindowPlanner(Device device, GraphBuilder network, const WindowRequest& request)
      : device_(device), request_(request), graph_(std::move(network)) {
    for (const GramSum& gram : request.grams) add(gram);
  }

  WindowPlan plan(const WindowGrid& grid) const {
    PlanRequest wanted{.device = device_};
    const int64_t channels = graph_.model().find_input(request_.input)->shape.c();
    const auto [height, width] = grid.window_size();
    wanted.input_shapes[request_.input] = {1, channels, height, width};
    for (size_t i = 0; i < masks_.size(); ++i) {
      const auto [rows, columns] = grid.window_map(request_.grams[i].layer);
      wanted.input_shapes[masks_[i]] = {1, 1, rows, columns};
    }
    auto& ends = request_.gradient ? wanted.losses : wanted.observe;
    ends = request_.maps;
    ends.insert(ends.end(), grams_.begin(), grams_.end());
    if (request_.gradient) wanted.gradients = {request_.input};
    return {grid, graph_.model(), wanted, masks_, grams_};
  }

 private:
  void add(const GramSum& gram) {
    const std::string number = std::to_string(grams_.size() + 1);
    masks_.push_back(graph_.image_input("own places " + number, 1, 1, 1));
    const std::string own = graph_.add("own features " + number, "mask", {gram.layer, masks_.back()});
    grams_.push_back(graph_.add("Gram matrix " + number, "gram", {own}, {{"divisor", "none"}}));
  }

  Device device_;
  const WindowRequest& request_;
  GraphBuilder graph_;
  std::vector<std::string> masks_, grams_;
};

int64_t window_area(const WindowGrid& grid) { return grid.window_size()[0] * grid.window_size()[1]; }

size_t bytes_of(const WindowPlan& plan) { return device_bytes(make_plan(plan.network, plan.request)); }

// Adds to a sum, or is it.
void add_to(const Array& part, Array& sum) {
  if (sum.values.empty()) sum = Array(part.shape);
  for (size_t i = 0; i < sum.values.size(); ++i) sum.values[i] += part.values[i];
}

}  // namespace

WindowPlan plan_windows(Device device, const GraphBuilder& network, const WindowRequest& request, Pair picture,
                        std::optional<size_t> bytes) {
  const WindowPlanner planner(device, network, request);
  const auto layers = layers_of(request);
  WindowPlan whole = planner.plan(whole_picture(network.model(), request.input, layers, picture));
  if (!bytes || bytes_of(whole) <= *bytes) return whole;
  size_t least = 0;
  int64_t too_large = picture[0] * picture[1];
  for (const WindowGrid& grid : WindowLayout(network.model(), request.input, layers, picture).grids()) {
    if (window_area(grid) >= too_large) continue;
    WindowPlan plan = planner.plan(grid);
    least = bytes_of(plan);
    if (least <= *bytes) return plan;
    too_large = window_area(grid);
  }
  throw InputError("windows of a picture of " + std::to_string(picture[0]) + " x " + std::to_string(picture[1]) +
                   " pixels take at least " + megabytes(least) + ", where 'memory' leaves " + megabytes(*bytes));
}

WindowSession::WindowSession(Run& run, WindowRequest request, WindowPlan plan)
    : request_(std::move(request)), plan_(std::move(plan)), session_(run.open(plan_.network, plan_.request)) {}

void WindowSession::forward(size_t window, const Array& picture) {
  session_->set_input(request_.input, part_of(picture, grid().window(window)));
  for (size_t i = 0; i < plan_.masks.size(); ++i) {
    const auto& [layer, guide] = request_.grams[i];
    const Region own = grid().own(window, layer);
    const auto [height, width] = grid().window_map(layer);
    Array mask({1, 1, height, width});
    add_to_part(guide.values.empty() ? Array({1, 1, own.y.size(), own.x.size()}, 1) : part_of(guide, own),
                grid().own_in_window(window, layer), mask);
    session_->set_input(plan_.masks[i], mask);
  }
  session_->forward();
}

std::vector<Array> WindowSession::grams(const Array& picture) {
  std::vector<Array> sums(request_.grams.size());
  for (size_t window = 0; window < grid().size() && !sums.empty(); ++window) {
    forward(window, picture);
    for (size_t i = 0; i < sums.size(); ++i) add_to(session_->value(plan_.grams[i]), sums[i]);
  }
  return sums;
}

std::vector<Array> WindowSession::maps(const Array& picture) {
  std::vector<Array> maps(request_.maps.size());
  for (size_t window = 0; window < grid().size() && !maps.empty(); ++window) {
    forward(window, picture);
    for (size_t i = 0; i < maps.size(); ++i) {
      const std::string& layer = request_.maps[i];
      const Array map = session_->value(layer);
      const auto [height, width] = grid().map(layer);
      if (window == 0) maps[i] = Array({1, map.shape.c(), height, width});
      add_to_part(part_of(map, grid().own_in_window(window, layer)), grid().own(window, layer), maps[i]);
    }
  }
  return maps;
}

}  // namespace convlens::viz
