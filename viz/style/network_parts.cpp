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

std::string add_scaling(GraphBuilder& graph, const std::string& name, const std::string& features, int64_t channels,
                        double factor) {
  const Array factors({channels, 1, 1, 1}, static_cast<float>(factor));
  return graph.add(name, "conv2d", {features},
                   {{"out_channels", channels}, {"kernel_size", 1}, {"groups", channels}, {"bias", false}}, {factors});
}

}  // namespace convlens::viz
