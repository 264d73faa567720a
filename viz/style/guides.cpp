#include "viz/style/guides.h"

#include <cmath>

#include "viz/io/resize.h"

namespace convlens::viz {

Array guidance_channel(const Image& mask, int64_t height, int64_t width) {
  Array channel({1, 1, height, width});
  channel.values = clamp(resize(mask, static_cast<int>(height), static_cast<int>(width), Filter::bilinear)).values;
  double squares = 0;
  for (const float value : channel.values) squares += static_cast<double>(value) * value;
  const double scale = std::sqrt(static_cast<double>(height * width) / squares);
  for (float& value : channel.values) value = static_cast<float>(scale * value);
  return channel;
}

std::string Guides::add(GraphBuilder& graph, const std::string& name, const std::string& layer, const Array& channel) {
  const std::string guide = graph.image_input("guide of " + name, 1, channel.shape.h(), channel.shape.w());
  channels_[guide] = channel;
  return graph.add(name, "mask", {layer, guide});
}

void Guides::set_in(Session& session) const {
  for (const auto& [input, channel] : channels_) session.set_input(input, channel);
}

}  // namespace convlens::viz
