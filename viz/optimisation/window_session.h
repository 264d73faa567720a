#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/window_layout.h"
#include "viz/optimisation/graph_builder.h"
#include "viz/run.h"

namespace convlens::viz {

/// A Gram matrix of a layer's features (operator gram, undivided), over the whole picture or, times `guide` (1 x 1 x H
/// x W of the layer's map, viz/style/guides.h), over a part of it. An empty guide: the whole.
struct GramSum {
  std::string layer;
  Array guide{};
};

/// What is wanted of a network that sees a picture window by window.
struct WindowRequest {
  std::string input;              ///< the picture, the network's only input
  std::vector<std::string> maps;  ///< layers whose maps are read, or at which losses attach
  std::vector<GramSum> grams;
  bool gradient = false;  ///< by the picture
};

/// The windows, and a network that gives of one of them what was wanted. Of a Gram matrix it gives the sum over the
/// window's own places: of the features times a mask that is 1 there.
struct WindowPlan {
  WindowGrid grid;
  Model network;
  PlanRequest request;
  std::vector<std::string> masks, grams;  ///< inputs and layers, in the order of the request's
};

/// The windows of least work whose session takes at most so many bytes; one that is the whole picture where that fits,
/// or `bytes` is left out. Throws InputError where no window is small enough, or the network has no such windows.
WindowPlan plan_windows(Device device, const GraphBuilder& network, const WindowRequest& request, Pair picture,
                        std::optional<size_t> bytes);

/// A network on pictures of one size, window by window.
class WindowSession {
 public:
  WindowSession(Run& run, WindowRequest request, WindowPlan plan);

  const WindowPlan& plan() const { return plan_; }
  const WindowGrid& grid() const { return plan_.grid; }
  Session& session() { return *session_; }
  const Session& session() const { return *session_; }
  const std::string& input() const { return request_.input; }

  /// Runs the network on a window of the picture, 1 x C x H x W.
  void forward(size_t window, const Array& picture);

  /// The Gram matrices of the whole picture, 1 x 1 x C x C. The session is left with the last window's values.
  std::vector<Array> grams(const Array& picture);
  /// The maps of the whole picture, 1 x C x H x W.
  std::vector<Array> maps(const Array& picture);

 private:
  WindowRequest request_;
  WindowPlan plan_;
  std::unique_ptr<Session> session_;
};

}  // namespace convlens::viz
