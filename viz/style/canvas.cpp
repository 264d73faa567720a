#include "viz/style/canvas.h"

#include <algorithm>
#include <cmath>

#include "viz/preprocess.h"

namespace convlens::viz {
namespace {

Canvas canvas_with_edge(const Image& photo, int64_t longer_edge) {
  return Canvas{photo.height, photo.width}.scaled(static_cast<double>(longer_edge) /
                                                  std::max(photo.height, photo.width));
}

}  // namespace

Canvas Canvas::scaled(double factor) const {
  const auto part = [&](int64_t edge) {
    return std::max<int64_t>(1, std::llround(factor * static_cast<double>(edge)));
  };
  return {part(height), part(width)};
}

Canvas canvas_of(const Run& run, const Image& photo, int64_t longer_edge) {
  const auto& size = run.keys().size;
  return size.empty() ? canvas_with_edge(photo, longer_edge) : Canvas{size[0], size[1]};
}

Image scaled_to(const Image& photo, int64_t longer_edge, const Run& run) {
  return covering(photo, canvas_with_edge(photo, longer_edge), run);
}

Image covering(const Image& photo, const Canvas& canvas, const Run& run) {
  InputSpec whole = run.model().image_input();
  whole.crop = 1;
  return network_view(photo, whole, static_cast<int>(canvas.height), static_cast<int>(canvas.width));
}

}  // namespace convlens::viz
