#include "viz/optimisation/graph_builder.h"

#include <algorithm>
#include <memory>

#include "kernels/base/params.h"
#include "kernels/base/registry.h"

namespace convlens::viz {

std::string GraphBuilder::image_input(const std::string& name, int64_t channels, int64_t height, int64_t width) {
  model_.inputs.push_back({.name = name, .kind = InputSpec::Kind::image, .shape = {1, channels, height, width}});
  return model_.output = name;
}

std::string GraphBuilder::vector_input(const std::string& name, int64_t size) {
  model_.inputs.push_back({.name = name, .kind = InputSpec::Kind::vector, .shape = {1, size, 1, 1}});
  return model_.output = name;
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
  const std::string& replaced = network.image_input().name;
  for (const InputSpec& input : network.inputs)
    if (input.name != replaced) model_.inputs.push_back(input);
  for (Layer layer : network.layers) {
    std::ranges::replace(layer.inputs, replaced, image);
    model_.layers.push_back(std::move(layer));
  }
  return model_.output = network.output;
}

}  // namespace convlens::viz
