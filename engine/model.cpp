#include "engine/model.h"

#include <algorithm>
#include <ranges>

#include "kernels/base/error.h"
#include "kernels/base/names.h"

namespace convlens {

const Layer* Model::find_layer(const std::string& layer) const {
  const auto it = std::ranges::find(layers, layer, &Layer::name);
  return it == layers.end() ? nullptr : &*it;
}

const Layer& Model::layer(const std::string& layer) const {
  if (const Layer* found = find_layer(layer)) return *found;
  throw InputError("the model '" + name + "' has no layer '" + layer + "'" + did_you_mean(layer, layer_names()));
}

const InputSpec* Model::find_input(const std::string& input) const {
  const auto it = std::ranges::find(inputs, input, &InputSpec::name);
  return it == inputs.end() ? nullptr : &*it;
}

const InputSpec& Model::image_input() const {
  const auto it = std::ranges::find(inputs, InputSpec::Kind::image, &InputSpec::kind);
  if (it == inputs.end()) throw InputError("the model '" + name + "' has no input of kind \"image\"");
  return *it;
}

std::vector<std::string> Model::layer_names() const {
  std::vector<std::string> names;
  for (const Layer& layer : layers) names.push_back(layer.name);
  return names;
}

std::set<std::string> with_ancestors(const Model& model, std::set<std::string> layers) {
  for (const Layer& layer : std::views::reverse(model.layers))
    if (layers.contains(layer.name)) layers.insert(layer.inputs.begin(), layer.inputs.end());
  return layers;
}

}  // namespace convlens
