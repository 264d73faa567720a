#include "viz/training/adaptive_style_graph.h"

#include <cmath>
#include <numeric>

#include "engine/session.h"
#include "kernels/base/error.h"
#include "kernels/base/json.h"
#include "viz/optimisation/pixels.h"
#include "viz/style/adaptive_style.h"
#include "viz/style/network_parts.h"
#include "viz/training/feature_terms.h"
#include "viz/training/training_graph.h"

namespace convlens::viz {
namespace {

std::string add_statistics(GraphBuilder& graph, const std::string& layer) {
  return graph.add("statistics of " + layer, "instance_statistics", {layer}, {{"correction", 0}});
}

double root_mean_square(const Array& array) {
  const auto& v = array.values;
  return std::sqrt(std::inner_product(v.begin(), v.end(), v.begin(), 0.0) / static_cast<double>(v.size()));
}

}  // namespace

std::vector<std::string> AdaptiveLossKeys::layers() const {
  std::vector<std::string> all = style_layers;
  all.push_back(layer);
  return all;
}

std::map<std::string, double> feature_scales(const Model& encoder, const std::vector<std::string>& layers,
                                             const Array& photos, Device device) {
  GraphBuilder graph(encoder.name);
  const InputSpec input = rgb_input("photo", photos.shape.h());
  graph.input(input);
  graph.append(encoder, add_conversion(graph, "photo for the encoder", input.name, input, encoder.image_input()));
  for (const std::string& layer : layers) encoder.layer(layer);
  Session session(graph.model(), {.device = device, .batch = photos.shape.n(), .observe = layers});
  session.set_input(input.name, photos);
  session.forward();
  std::map<std::string, double> scales;
  for (const std::string& layer : layers) {
    scales[layer] = root_mean_square(session.value(layer));
    if (!(scales[layer] > 0))
      throw InputError("the layer '" + layer + "' of the encoder '" + encoder.name + "' is zero for all photos");
  }
  return scales;
}

StyleGraph make_adaptive_style_graph(const Model& decoder, const Model& encoder, const AdaptiveLossKeys& keys,
                                     const std::map<std::string, double>& scales, int64_t size, int64_t batch) {
  const Model painting = adaptive_style_network(encoder, {keys.layer, scales.at(keys.layer)}, decoder, size);
  GraphBuilder graph(painting);
  StyleGraph style_graph{
      .photo = painting.inputs[0].name, .style = painting.inputs[1].name, .picture = painting.output};
  graph.append(prefixed(encoder, "picture/"), add_conversion(graph, "picture for the encoder", style_graph.picture,
                                                             painting.inputs[0], encoder.image_input()));
  FeatureTerms terms(graph, batch);
  const auto shapes = feature_shapes(encoder, keys.layers(), size);
  const auto weight_at = [&](const std::string& layer, double weight) {
    return weight / std::pow(scales.at(layer), 2);
  };
  terms.add_distance("content " + keys.layer, "picture/" + keys.layer, adain_layer, shapes.at(keys.layer),
                     weight_at(keys.layer, keys.content_weight));
  for (const std::string& layer : keys.style_layers)
    // Two means of squares, one of the means and one of the deviations, are twice the mean over both.
    terms.add_distance("style " + layer, add_statistics(graph, "picture/" + layer),
                       add_statistics(graph, "style/" + layer), {1, 2 * shapes.at(layer).c(), 1, 1},
                       weight_at(layer, 2 * keys.style_weight));
  terms.add_variation(style_graph.picture, {1, 3, size, size}, keys.variation_weight);
  style_graph.model = graph.model();
  style_graph.terms = terms.terms();
  style_graph.frozen = layers_beside(decoder, style_graph.model);
  return style_graph;
}

}  // namespace convlens::viz
