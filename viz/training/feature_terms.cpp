#include "viz/training/feature_terms.h"

#include "engine/plan.h"
#include "viz/style/network_parts.h"

namespace convlens::viz {

void FeatureTerms::add_distance(const std::string& name, const std::string& layer, const std::string& target,
                                const Shape& shape, double weight) {
  const std::string negative = add_scaling(graph_, "minus " + target + " for " + name, target, shape.c(), -1);
  add_squares(name, {layer, negative}, shape, weight);
}

void FeatureTerms::add_squares(const std::string& name, const std::vector<std::string>& summands, const Shape& shape,
                               double weight) {
  const std::string difference = graph_.add("difference of " + name, "add", summands);
  graph_.add(name, "alpha_norm", {difference}, {{"alpha", 2}});
  add_term(name, weight / static_cast<double>(shape.elements()));
}

void FeatureTerms::add_variation(const std::string& picture, const Shape& shape, double weight) {
  graph_.add("variation", "total_variation", {picture});
  add_term("variation", weight / static_cast<double>(shape.elements()));
}

void FeatureTerms::add_term(const std::string& name, double weight) {
  terms_.push_back({name, layer_sum(name), weight / batch_});
}

std::map<std::string, Shape> feature_shapes(const Model& network, const std::vector<std::string>& layers,
                                            int64_t size) {
  for (const std::string& name : layers) network.layer(name);
  const PlanRequest request{.input_shapes = {{network.image_input().name, {1, 3, size, size}}}, .observe = layers};
  const Plan plan = make_plan(network, request);
  std::map<std::string, Shape> shapes;
  for (const std::string& name : layers) shapes[name] = plan.values.at(name).desc.shape;
  return shapes;
}

}  // namespace convlens::viz
