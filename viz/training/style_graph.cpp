#include "viz/training/style_graph.h"

#include <algorithm>

#include "kernels/base/error.h"
#include "kernels/base/json.h"
#include "viz/optimisation/graph_builder.h"
#include "viz/preprocess.h"
#include "viz/text.h"

namespace convlens::viz {
namespace {

void check_colours(const Model& model) {
  if (model.image_input().channel_order == "grey")
    throw InputError("the model '" + model.name + "' must be of colour images for style transfer, found a grey input");
}

void check_range(const Model& transform) {
  const auto& range = transform.image_input().range;
  if (range != std::array<double, 2>{0, 1})
    throw InputError("the model '" + transform.name + "' must paint in the range [0, 1], found that of its input: [" +
                     fixed(range[0], 0) + ", " + fixed(range[1], 0) + "]");
}

// The network under names that begin with the prefix.
Model prefixed(Model network, const std::string& prefix) {
  for (InputSpec& input : network.inputs) input.name = prefix + input.name;
  for (Layer& layer : network.layers) {
    layer.name = prefix + layer.name;
    for (std::string& input : layer.inputs) input = prefix + input;
  }
  network.output = prefix + network.output;
  return network;
}

// Pictures as `from` describes them made such as `to` does, by a convolution of 1 x 1.
std::string add_conversion(GraphBuilder& graph, const std::string& name, const std::string& picture,
                           const InputSpec& from, const InputSpec& to) {
  const auto colour = [](const InputSpec& input, int64_t c) { return input.channel_order == "bgr" ? 2 - c : c; };
  // A value is scale * pixel + shift, the pixel 0..1.
  const auto scale = [](const InputSpec& i, size_t c) { return (i.range[1] - i.range[0]) / i.std[c]; };
  const auto shift = [](const InputSpec& i, size_t c) { return (i.range[0] - i.mean[c]) / i.std[c]; };
  Array weight({3, 3, 1, 1}), bias({3});
  for (size_t o = 0; o < 3; ++o)
    for (size_t c = 0; c < 3; ++c) {
      if (colour(from, static_cast<int64_t>(c)) != colour(to, static_cast<int64_t>(o))) continue;
      const double ratio = scale(to, o) / scale(from, c);
      weight.values[3 * o + c] = static_cast<float>(ratio);
      bias.values[o] = static_cast<float>(shift(to, o) - ratio * shift(from, c));
    }
  return graph.add(name, "conv2d", {picture}, {{"out_channels", 3}, {"kernel_size", 1}}, {weight, bias});
}

// How the picture lies in numbers: as the photo does, but for what is subtracted and divided by.
InputSpec picture_of(InputSpec input) {
  input.mean.assign(input.mean.size(), 0);
  input.std.assign(input.std.size(), 1);
  return input;
}

/// The objective's part behind the picture, term by term.
class Objectives {
 public:
  Objectives(StyleGraph& style_graph, GraphBuilder& graph, const StyleLossKeys& keys, int64_t batch)
      : style_graph_(style_graph), graph_(graph), keys_(keys), batch_(static_cast<double>(batch)) {}

  // The photo's features are known to the graph, as those of the picture are.
  void add_content(const std::string& layer, const Shape& features) {
    const std::string name = "content " + layer;
    const Array minus_one({features.c(), 1, 1, 1}, -1);
    const std::string negative = graph_.add(
        "minus photo " + layer, "conv2d", {"photo/" + layer},
        {{"out_channels", features.c()}, {"kernel_size", 1}, {"groups", features.c()}, {"bias", false}}, {minus_one});
    add_squares(name, {"picture/" + layer, negative}, features, keys_.content_weight);
  }

  // minus_grams: (C C) x styles, so that shares of styles give the same of their Gram matrices.
  void add_style(const std::string& layer, const Array& minus_grams) {
    const std::string name = "style " + layer;
    const std::string gram = graph_.add("gram " + layer, "gram", {"picture/" + layer});
    const std::string flat = graph_.add("flat gram " + layer, "flatten", {gram});
    const std::string negative = graph_.add("minus gram of styles " + layer, "linear", {style_graph_.shares},
                                            {{"out_features", minus_grams.shape[0]}, {"bias", false}}, {minus_grams});
    add_squares(name, {flat, negative}, {1, minus_grams.shape[0], 1, 1}, keys_.style_weight);
  }

  void add_variation(const Shape& picture) {
    graph_.add("variation", "total_variation", {style_graph_.picture});
    add_term("variation", keys_.variation_weight / static_cast<double>(picture.elements()));
  }

 private:
  // The mean over an image's elements of the squares of a sum.
  void add_squares(const std::string& name, const std::vector<std::string>& summands, const Shape& shape,
                   double weight) {
    const std::string difference = graph_.add("difference of " + name, "add", summands);
    graph_.add(name, "alpha_norm", {difference}, {{"alpha", 2}});
    add_term(name, weight / static_cast<double>(shape.elements()));
  }

  void add_term(const std::string& name, double weight) {
    style_graph_.terms.push_back({name, layer_sum(name), weight / batch_});
  }

  StyleGraph& style_graph_;
  GraphBuilder& graph_;
  const StyleLossKeys& keys_;
  double batch_;
};

std::map<std::string, Shape> feature_shapes(const Model& loss_network, const StyleLossKeys& keys, int64_t size) {
  PlanRequest request{.input_shapes = {{loss_network.image_input().name, {1, 3, size, size}}},
                      .observe = keys.content_layers};
  request.observe.insert(request.observe.end(), keys.style_layers.begin(), keys.style_layers.end());
  for (const std::string& name : request.observe) loss_network.layer(name);
  const Plan plan = make_plan(loss_network, request);
  std::map<std::string, Shape> shapes;
  for (const std::string& name : request.observe) shapes[name] = plan.values.at(name).desc.shape;
  return shapes;
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
  StyleGraph style_graph{.photo = graph.image_input(input.name, 3, size, size)};
  style_graph.picture = graph.append(transform, input.name);
  style_graph.shares = shares_input(graph, transform, std::ssize(grams));
  graph.append(prefixed(loss_network, "photo/"),
               add_conversion(graph, "photo for the loss network", input.name, input, to));
  graph.append(prefixed(loss_network, "picture/"),
               add_conversion(graph, "picture for the loss network", style_graph.picture, picture_of(input), to));
  const auto shapes = feature_shapes(loss_network, keys, size);
  Objectives objectives(style_graph, graph, keys, batch);
  for (const std::string& layer : keys.content_layers) objectives.add_content(layer, shapes.at(layer));
  for (size_t i = 0; i < keys.style_layers.size(); ++i)
    objectives.add_style(keys.style_layers[i], minus_grams_of(grams, i));
  objectives.add_variation({1, 3, size, size});
  style_graph.model = graph.model();
  for (const Layer& layer : style_graph.model.layers)
    if (!transform.find_layer(layer.name)) style_graph.frozen.insert(layer.name);
  return style_graph;
}

}  // namespace convlens::viz
