#include "viz/training/generator_graph.h"

#include "kernels/base/error.h"
#include "viz/layers.h"
#include "viz/optimisation/generator.h"
#include "viz/optimisation/pixels.h"
#include "viz/training/feature_terms.h"
#include "viz/training/training_graph.h"

namespace convlens::viz {
namespace {

std::string text_of(const Shape& s) {
  return std::to_string(s.c()) + " x " + std::to_string(s.h()) + " x " + std::to_string(s.w());
}

void check_fit(const Model& generator, const Model& encoder, const std::string& layer, const Shape& code) {
  const Shape &wanted = code_input(generator).shape, picture = picture_shape(generator);
  if (code != wanted)
    throw InputError("the layer '" + layer + "' of the model '" + encoder.name + "' gives a code of " + text_of(code) +
                     ", and the generator '" + generator.name + "' takes one of " + text_of(wanted));
  const Shape& image = encoder.image_input().shape;
  if (picture != image)
    throw InputError("the generator '" + generator.name + "' makes pictures of " + text_of(picture) +
                     ", and the model '" + encoder.name + "' sees " + text_of(image));
}

}  // namespace

InputSpec generated_spec(const InputSpec& seen) {
  InputSpec spec = without_normalisation(seen);
  spec.range = {0, 1};
  if (spec.channel_order == "bgr") spec.channel_order = "rgb";
  return spec;
}

GeneratorGraph make_generator_graph(const Model& generator, const Model& encoder, const GeneratorLossKeys& keys,
                                    int64_t batch) {
  const InputSpec& input = encoder.image_input();
  const auto shapes = layer_shapes(encoder, input.shape);
  check_fit(generator, encoder, keys.layer, shapes.at(encoder.layer(keys.layer).name));
  GraphBuilder graph(generator.name);
  GeneratorGraph result{.image = graph.image_input(input.name, input.shape.c(), input.shape.h(), input.shape.w())};
  graph.append(prefixed(encoder, "image/"), input.name);
  result.picture = graph.append(generator, code_input(generator).name, "image/" + keys.layer);
  const InputSpec pictures = generated_spec(input);
  graph.append(prefixed(encoder, "picture/"),
               add_conversion(graph, "picture for the encoder", result.picture, pictures, input));
  FeatureTerms terms(graph, batch);
  terms.add_distance("pixels", result.picture, add_conversion(graph, "image as a picture", input.name, input, pictures),
                     input.shape, keys.image_weight);
  for (const std::string& layer : keys.feature_layers)
    terms.add_distance("features " + layer, "picture/" + layer, "image/" + layer, shapes.at(encoder.layer(layer).name),
                       keys.feature_weight);
  result.terms = terms.terms();
  result.model = graph.model();
  result.frozen = layers_beside(generator, result.model);
  return result;
}

}  // namespace convlens::viz
