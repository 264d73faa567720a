#include "viz/style/network_parts.h"

#include <algorithm>
#include <ranges>
#include <set>

#include "kernels/base/error.h"
#include "viz/layers.h"

namespace convlens::viz {

void check_colours(const Model& model) {
  if (model.image_input().channel_order == "grey")
    throw InputError("the model '" + model.name + "' must be of colour images for style transfer, found a grey input");
}

Model prefixed(Model network, const std::string& prefix) {
  for (InputSpec& input : network.inputs) input.name = prefix + input.name;
  for (Layer& layer : network.layers) {
    layer.name = prefix + layer.name;
    for (std::string& input : layer.inputs) input = prefix + input;
  }
  network.output = prefix + network.output;
  return network;
}

Model part_before(const Model& network, const std::string& layer) {
  Model part = network;
  part.output = network.layer(layer).name;
  std::set<std::string> needed{part.output};
  for (const Layer& maker : std::views::reverse(network.layers))
    if (needed.contains(maker.name)) needed.insert(maker.inputs.begin(), maker.inputs.end());
  std::erase_if(part.layers, [&](const Layer& maker) { return !needed.contains(maker.name); });
  std::erase_if(part.inputs, [&](const InputSpec& input) { return !needed.contains(input.name); });
  return part;
}

Model part_behind(const Model& network, const std::string& layer) {
  Model part = network;
  const std::string& features = network.layer(layer).name;
  const Shape shape = layer_shapes(network, network.image_input().shape).at(features);
  part.inputs = {{.name = features, .kind = InputSpec::Kind::vector, .shape = shape}};
  part.layers.clear();
  std::set<std::string> made{features};
  const auto is_made = [&](const std::string& input) { return made.contains(input); };
  for (const Layer& reader : network.layers) {
    if (std::ranges::none_of(reader.inputs, is_made)) continue;
    made.insert(reader.name);
    part.layers.push_back(reader);
  }
  return part;
}

InputSpec rgb_input(const std::string& name, int64_t size) {
  return {.name = name, .shape = {1, 3, size, size}, .mean = {0, 0, 0}, .std = {1, 1, 1}};
}

InputSpec picture_of(InputSpec input) {
  input.mean.assign(input.mean.size(), 0);
  input.std.assign(input.std.size(), 1);
  return input;
}

std::string add_scaling(GraphBuilder& graph, const std::string& name, const std::string& features, int64_t channels,
                        double factor) {
  const Array factors({channels, 1, 1, 1}, static_cast<float>(factor));
  return graph.add(name, "conv2d", {features},
                   {{"out_channels", channels}, {"kernel_size", 1}, {"groups", channels}, {"bias", false}}, {factors});
}

std::string add_conversion(GraphBuilder& graph, const std::string& name, const std::string& picture,
                           const InputSpec& from, const InputSpec& to) {
  const auto colour = [](const InputSpec& input, int64_t c) { return input.channel_order == "bgr" ? 2 - c : c; };
  // A value is scale * pixel + shift, the pixel 0..1.
  const auto scale = [](const InputSpec& i, size_t c) { return (i.range[1] - i.range[0]) / i.std[c]; };
  const auto shift = [](const InputSpec& i, size_t c) { return (i.range[0] - i.mean[c]) / i.std[c]; };
  Array weight({3, 3, 1, 1}), bias({3});
  for (size_t o = 0; o < 3; ++o)
    for (size_t c = 0; c < 3; ++c) {
      if (colour(from, static_cast<int64_t>(c)) != colour(to, static_cast<int64_t>(o))) continue;
      const double ratio = scale(to, o) / scale(from, c);
      weight.values[3 * o + c] = static_cast<float>(ratio);
      bias.values[o] = static_cast<float>(shift(to, o) - ratio * shift(from, c));
    }
  return graph.add(name, "conv2d", {picture}, {{"out_channels", 3}, {"kernel_size", 1}}, {weight, bias});
}

}  // namespace convlens::viz
