#include "viz/optimisation/graph_builder.h"

#include <algorithm>
#include <memory>

#include "kernels/base/params.h"
#include "kernels/base/registry.h"

namespace convlens::viz {

std::string GraphBuilder::image_input(const std::string& name, int64_t channels, int64_t height, int64_t width) {
  return input({.name = name, .kind = InputSpec::Kind::image, .shape = {1, channels, height, width}});
}

std::string GraphBuilder::vector_input(const std::string& name, int64_t size) {
  return input({.name = name, .kind = InputSpec::Kind::vector, .shape = {1, size, 1, 1}});
}

std::string GraphBuilder::input(const InputSpec& input) {
  model_.inputs.push_back(input);
  return model_.output = input.name;
}

std::string GraphBuilder::add(const std::string& name, const std::string& op, const std::vector<std::string>& inputs,
                              const Json& params, const std::vector<Array>& weights) {
  Layer layer{.name = name, .op = &operator_by_name(op), .params = operator_by_name(op).new_params(), .inputs = inputs};
  read_params(*layer.params, params, model_.name, name);
  for (const Array& weight : weights) {
    const auto copy = std::make_shared<const std::vector<float>>(weight.values);
    layer.weights.push_back({name + "." + std::to_string(layer.weights.size()), weight.shape, {copy, copy->data()}});
  }
  model_.layers.push_back(std::move(layer));
  return model_.output = name;
}

std::string GraphBuilder::append(const Model& network, const std::string& image) {
  return append(network, network.image_input().name, image);
}

std::string GraphBuilder::append(const Model& network, const std::string& input, const std::string& replacement) {
  for (const InputSpec& other : network.inputs)
    if (other.name != input) model_.inputs.push_back(other);
  for (Layer layer : network.layers) {
    std::ranges::replace(layer.inputs, input, replacement);
    model_.layers.push_back(std::move(layer));
  }
  return model_.output = network.output;
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

}  // namespace convlens::viz
