#include "viz/training/training_graph.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>

#include "kernels/base/registry.h"
#include "kernels/batch_norm/batch_norm.h"
#include "kernels/batch_norm_train/batch_norm_train.h"
#include "viz/training/random.h"

namespace convlens::viz {
namespace {

/// Copies of weights that may be changed; layers that share a tensor go on sharing it.
class Copies {
 public:
  Weight of(const Weight& weight) {
    auto& values = copies_[weight.data.get()];
    if (!values) {
      const float* from = weight.data.get();
      values = std::make_shared<std::vector<float>>(from, from + weight.shape.elements());
    }
    return {weight.name, weight.shape, {values, values->data()}};
  }

 private:
  std::map<const float*, std::shared_ptr<std::vector<float>>> copies_;
};

std::span<float> values_of(const Weight& weight) {
  // The graph owns this memory (Copies): `const` is only for those who read models.
  return {const_cast<float*>(weight.data.get()), static_cast<size_t>(weight.shape.elements())};
}

void add_batch_norm(const Layer& layer, TrainingGraph& graph) {
  const auto params = std::make_shared<BatchNormTrainParams>();
  params->eps = static_cast<const BatchNormParams&>(*layer.params).eps;
  graph.training.layers.push_back({.name = layer.name,
                                   .op = &operator_by_name("batch_norm_train"),
                                   .params = params,
                                   .inputs = layer.inputs,
                                   .weights = {layer.weights[bn_weight], layer.weights[bn_bias]}});
  const Operator& op = operator_by_name("batch_statistics");
  const std::string name = layer.name + " statistics";
  graph.training.layers.push_back({.name = name, .op = &op, .params = op.new_params(), .inputs = layer.inputs});
  graph.statistics.push_back(
      {name, values_of(layer.weights[bn_running_mean]), values_of(layer.weights[bn_running_var])});
}

}  // namespace

TrainingGraph make_training_graph(const Model& model) {
  TrainingGraph graph{.inference = model, .training = model};
  graph.training.layers.clear();
  Copies copies;
  for (Layer& layer : graph.inference.layers) {
    for (Weight& weight : layer.weights) weight = copies.of(weight);
    if (layer.op->name() == "batch_norm")
      add_batch_norm(layer, graph);
    else
      graph.training.layers.push_back(layer);
  }
  for (const Layer& layer : graph.training.layers)
    for (size_t i = 0; i < layer.weights.size(); ++i)
      graph.parameters.push_back({layer.name, i, layer.weights[i].name, values_of(layer.weights[i])});
  return graph;
}

std::set<std::string> layers_beside(const Model& trained, const Model& graph) {
  std::set<std::string> others;
  for (const Layer& layer : graph.layers)
    if (!trained.find_layer(layer.name)) others.insert(layer.name);
  return others;
}

std::function<std::vector<float>(const Operator&, const WeightSpec&)> initial_weights(int64_t seed) {
  return [random = std::make_shared<Random>(seed)](const Operator& op, const WeightSpec& spec) {
    std::vector<float> values(static_cast<size_t>(spec.shape.elements()));
    if (spec.shape.rank() == 1 || op.name() == "conditional_instance_norm") {
      const bool is_scale = spec.role == "weight" || spec.role == "running_var";
      std::fill(values.begin(), values.end(), is_scale ? 1.0F : 0.0F);
      return values;
    }
    const auto fan_in = static_cast<double>(spec.shape.elements() / spec.shape[0]);
    for (float& value : values) value = static_cast<float>(std::sqrt(2 / fan_in) * random->normal());
    return values;
  };
}

}  // namespace convlens::viz
