#include "viz/training/style_graph.h"

#include <algorithm>

#include "kernels/base/error.h"
#include "kernels/base/json.h"
#include "viz/optimisation/pixels.h"
#include "viz/preprocess.h"
#include "viz/style/network_parts.h"
#include "viz/text.h"
#include "viz/training/feature_terms.h"
#include "viz/training/training_graph.h"

namespace convlens::viz {
namespace {

void check_range(const Model& transform) {
  const auto& range = transform.image_input().range;
  if (range != std::array<double, 2>{0, 1})
    throw InputError("the model '" + transform.name + "' must paint in the range [0, 1], found that of its input: [" +
                     fixed(range[0], 0) + ", " + fixed(range[1], 0) + "]");
}

Array minus_grams_of(const std::vector<std::vector<Array>>& grams, size_t layer) {
  const int64_t elements = grams[0][layer].shape.elements(), styles = std::ssize(grams);
  Array minus({elements, styles});
  for (int64_t i = 0; i < elements; ++i)
    for (int64_t s = 0; s < styles; ++s)
      minus.values[static_cast<size_t>(i * styles + s)] =
          -grams[static_cast<size_t>(s)][layer].values[static_cast<size_t>(i)];
  return minus;
}

// The input by which the transform network mixes styles; one of the graph's own where it has none.
std::string shares_input(GraphBuilder& graph, const Model& transform, int64_t styles) {
  const auto input = std::ranges::find(transform.inputs, InputSpec::Kind::vector, &InputSpec::kind);
  const int64_t found = input == transform.inputs.end() ? 1 : input->shape.c();
  if (found != styles)
    throw InputError("the model '" + transform.name + "' is a network of " + std::to_string(found) +
                     " styles, and the key 'styles' names " + std::to_string(styles));
  return input == transform.inputs.end() ? graph.vector_input("style", 1) : input->name;
}

// minus_grams: (C C) x styles, so that shares of styles give the same of their Gram matrices.
void add_style(GraphBuilder& graph, FeatureTerms& terms, const std::string& shares, const std::string& layer,
               const Array& minus_grams, double weight) {
  const std::string gram = graph.add("gram " + layer, "gram", {"picture/" + layer});
  const std::string flat = graph.add("flat gram " + layer, "flatten", {gram});
  const std::string negative = graph.add("minus gram of styles " + layer, "linear", {shares},
                                         {{"out_features", minus_grams.shape[0]}, {"bias", false}}, {minus_grams});
  terms.add_squares("style " + layer, {flat, negative}, {1, minus_grams.shape[0], 1, 1}, weight);
}

}  // namespace

std::vector<Array> style_grams(const Model& loss_network, const std::vector<std::string>& layers, const Image& style,
                               Device device) {
  check_colours(loss_network);
  const InputSpec& input = loss_network.image_input();
  GraphBuilder graph("style");
  graph.image_input(input.name, 3, style.height, style.width);
  graph.append(loss_network, input.name);
  PlanRequest request{.device = device};
  for (const std::string& layer : layers) {
    loss_network.layer(layer);
    request.observe.push_back(graph.add("gram " + layer, "gram", {layer}));
  }
  Session session(graph.model(), request);
  session.set_input(input.name, to_tensor(to_rgb(style), input));
  session.forward();
  std::vector<Array> grams;
  for (const std::string& name : request.observe) grams.push_back(session.value(name));
  return grams;
}

StyleGraph make_style_graph(const Model& transform, const Model& loss_network,
                            const std::vector<std::vector<Array>>& grams, const StyleLossKeys& keys, int64_t size,
                            int64_t batch) {
  check_colours(transform);
  check_range(transform);
  check_colours(loss_network);
  const InputSpec &input = transform.image_input(), &to = loss_network.image_input();
  GraphBuilder graph(transform.name);
  InputSpec photo = input;
  photo.shape = {1, 3, size, size};
  StyleGraph style_graph{.photo = graph.input(photo)};
  style_graph.picture = graph.append(transform, input.name);
  style_graph.style = shares_input(graph, transform, std::ssize(grams));
  graph.append(prefixed(loss_network, "photo/"),
               add_conversion(graph, "photo for the loss network", input.name, input, to));
  graph.append(
      prefixed(loss_network, "picture/"),
      add_conversion(graph, "picture for the loss network", style_graph.picture, without_normalisation(input), to));
  FeatureTerms terms(graph, batch);
  const auto shapes = feature_shapes(loss_network, keys.content_layers, size);
  for (const std::string& layer : keys.content_layers)
    terms.add_distance("content " + layer, "picture/" + layer, "photo/" + layer, shapes.at(layer), keys.content_weight);
  for (size_t i = 0; i < keys.style_layers.size(); ++i)
    add_style(graph, terms, style_graph.style, keys.style_layers[i], minus_grams_of(grams, i), keys.style_weight);
  terms.add_variation(style_graph.picture, {1, 3, size, size}, keys.variation_weight);
  style_graph.model = graph.model();
  style_graph.terms = terms.terms();
  style_graph.frozen = layers_beside(transform, style_graph.model);
  return style_graph;
}

}  // namespace convlens::viz
