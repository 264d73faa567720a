#include "viz/style/adaptive_style.h"
#include "viz/optimisation/pixels.h"

#include <algorithm>

#include "kernels/adaptive_instance_norm/adaptive_instance_norm.h"
#include "kernels/base/error.h"
#include "kernels/base/json.h"
#include "viz/layers.h"
#include "viz/style/network_parts.h"

namespace convlens::viz {
namespace {

bool is_adain(const Layer& layer) { return layer.op->name() == "adaptive_instance_norm"; }

const AdaptiveInstanceNormParams& params_of(const Layer& layer) {
  return static_cast<const AdaptiveInstanceNormParams&>(*layer.params);
}

const Layer& adain_of(const Model& network) {
  const auto count = std::ranges::count_if(network.layers, is_adain);
  if (count != 1)
    throw InputError("the network '" + network.name +
                     "' must have one layer adaptive_instance_norm to take styles from pictures, found " +
                     std::to_string(count));
  const Layer& layer = *std::ranges::find_if(network.layers, is_adain);
  if (params_of(layer).correction != 0)
    throw InputError("the network '" + network.name + "': the layer '" + layer.name +
                     "' must have 'correction' 0, as instance norms have, found " +
                     std::to_string(params_of(layer).correction));
  return layer;
}

constexpr const char* decoder_input = "features for the decoder";

// Its tensors under names that no decoder has: content and style share them.
Model with_own_tensors(Model encoder) {
  for (Layer& layer : encoder.layers)
    for (Weight& weight : layer.weights) weight.name = "encoder/" + weight.name;
  return encoder;
}

// Returns the features' name.
std::string add_encoder(GraphBuilder& graph, const Model& encoder, const InputSpec& input, const std::string& prefix,
                        const std::string& layer) {
  graph.append(prefixed(with_own_tensors(encoder), prefix),
               add_conversion(graph, input.name + " for the encoder", input.name, input, encoder.image_input()));
  return prefix + layer;
}

void check_features(const Model& encoder, const std::string& layer, const Model& decoder, int64_t size) {
  const Shape features = layer_shapes(part_before(encoder, layer), {1, 3, size, size}).at(layer);
  if (decoder.inputs.size() != 1)
    throw InputError("the model '" + decoder.name + "' must have one input, the features, found " +
                     std::to_string(decoder.inputs.size()));
  const int64_t channels = decoder.inputs[0].shape.c();
  if (channels != features.c())
    throw InputError("the model '" + decoder.name + "' decodes features of " + std::to_string(channels) +
                     " channels, and the layer '" + layer + "' of '" + encoder.name + "' has " +
                     std::to_string(features.c()));
}

void check_picture(const Model& network, int64_t size) {
  const Shape expected{1, 3, size, size};
  const Shape found = layer_shapes(network, expected).at(network.output);
  if (found != expected)
    throw InputError("the model '" + network.name + "' must make a picture of " + expected.to_string() +
                     " of what the encoder says to one of that size, found " + found.to_string());
}

// The image that a style is read from, which is not the one that is painted.
void check_style_input(const Model& network, const Model& style) {
  const bool one = style.inputs.size() == 1 && style.inputs[0].kind == InputSpec::Kind::image &&
                   style.inputs[0].name != network.image_input().name;
  if (!one) throw InputError("the network '" + network.name + "' must have a second image, the style, as an input");
}

Model with_statistics(const Model& network, const Layer& adain) {
  const Model style = part_before(network, adain.inputs[1]);
  check_style_input(network, style);
  GraphBuilder graph(style);
  graph.add("statistics of the style", "instance_statistics", {style.output},
            {{"eps", params_of(adain).eps}, {"correction", params_of(adain).correction}});
  return graph.model();
}

}  // namespace

Model adaptive_style_network(const Model& encoder, const DecodedFeatures& features, const Model& decoder,
                             int64_t size) {
  check_colours(encoder);
  check_features(encoder, features.layer, decoder, size);
  GraphBuilder graph(decoder.name);
  const InputSpec image = rgb_input("image", size), style = rgb_input("style", size);
  graph.input(image);
  graph.input(style);
  const std::string content_features = add_encoder(graph, encoder, image, "content/", features.layer);
  const std::string style_features = add_encoder(graph, encoder, style, "style/", features.layer);
  const std::string result =
      graph.add(adain_layer, "adaptive_instance_norm", {content_features, style_features}, {{"correction", 0}});
  graph.append(decoder, decoder.inputs[0].name,
               add_scaling(graph, decoder_input, result, decoder.inputs[0].shape.c(), 1 / features.scale));
  Model network = graph.model();
  check_picture(part_before(network, network.output), size);
  network.description = decoder.description;
  network.license = encoder.license;
  return network;
}

Model decoder_of(const Model& network) {
  return AdaptiveStyle::is(network) ? part_behind(network, decoder_input) : network;
}

AdaptiveStyle::AdaptiveStyle(const Model& network)
    : layer_(adain_of(network)),
      statistics_(with_statistics(network, layer_)),
      content_(part_before(network, layer_.inputs[0])),
      decoder_(part_behind(network, layer_.name)) {}

bool AdaptiveStyle::is(const Model& network) { return std::ranges::any_of(network.layers, is_adain); }

Model AdaptiveStyle::painter(std::span<const Array> statistics, double alpha) const {
  const int64_t styles = std::ssize(statistics), channels = statistics[0].shape.c() / 2;
  Array scale({styles, channels}), shift({styles, channels});
  for (int64_t s = 0; s < styles; ++s)
    for (int64_t c = 0; c < channels; ++c) {
      const std::vector<float>& of_style = statistics[static_cast<size_t>(s)].values;
      const auto at = static_cast<size_t>(s * channels + c), mean = static_cast<size_t>(c);
      shift.values[at] = static_cast<float>(alpha * of_style[mean]);
      scale.values[at] = static_cast<float>(alpha * of_style[mean + static_cast<size_t>(channels)]);
    }
  GraphBuilder graph(content_);
  const std::string shares = graph.vector_input("shares of styles", styles);
  const std::string stylised =
      graph.add(layer_.name + " of the styles", "conditional_instance_norm", {content_.output, shares},
                {{"styles", styles}, {"eps", params_of(layer_).eps}}, {scale, shift});
  const std::string content = add_scaling(graph, layer_.name + " left out", content_.output, channels, 1 - alpha);
  graph.append(decoder_, layer_.name, graph.add(layer_.name, "add", {stylised, content}));
  return graph.model();
}

}  // namespace convlens::viz
