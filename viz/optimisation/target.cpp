#include "viz/optimisation/target.h"

#include <algorithm>
#include <numeric>

#include "kernels/base/error.h"
#include "kernels/base/json.h"
#include "kernels/base/params.h"
#include "viz/class_names.h"
#include "viz/layers.h"

namespace convlens::viz {
namespace {

// The sum over the batch of the activations times `weights`, 1 x C x H x W.
Loss weighted_sum(const std::string& layer, Array weights) {
  const auto evaluate = [weights = std::move(weights)](const Array& value, Array& gradient) {
    double sum = 0;
    for (size_t i = 0; i < value.values.size(); ++i) {
      const float weight = weights.values[i % weights.values.size()];
      sum += static_cast<double>(weight) * value.values[i];
      gradient.values[i] += weight;
    }
    return sum;
  };
  return {layer, evaluate, true};
}

// The sum over the batch of the mean of the squares.
Loss mean_square(const std::string& layer) {
  const auto evaluate = [](const Array& value, Array& gradient) {
    const double elements = static_cast<double>(value.shape.elements() / value.shape.n());
    double sum = 0;
    for (size_t i = 0; i < value.values.size(); ++i) {
      const double v = value.values[i];
      sum += v * v / elements;
      gradient.values[i] += static_cast<float>(2 * v / elements);
    }
    return sum;
  };
  return {layer, evaluate};
}

bool given(const NumberOrName& key) {
  const auto* name = std::get_if<std::string>(&key);
  return !name || !name->empty();
}

Target classes_target(const Model& model, const Shape& scores, const std::vector<NumberOrName>& names,
                      const std::vector<double>& weights) {
  if (scores.h() != 1 || scores.w() != 1)
    throw InputError("the model '" + model.name + "' is no classifier: its output is " + scores.to_string() +
                     ", not N x classes x 1 x 1; name a 'layer'");
  const Array no_scores(scores);
  Array direction(scores);
  Target target;
  for (size_t i = 0; i < names.size(); ++i) {
    const int64_t index = find_class(model, names[i], no_scores);
    target.classes.push_back(index);
    direction.values[static_cast<size_t>(index)] += static_cast<float>(weights[i]);
    target.description +=
        (i > 0 ? " + " : "") + (weights[i] == 1 ? "" : Json(weights[i]).dump() + " x ") + class_name(model, index);
  }
  target.loss = weighted_sum(model.output, direction);
  return target;
}

}  // namespace

double Target::of_image(const Array& value, int64_t n) const {
  const Shape& s = value.shape;
  Array image({1, s.c(), s.h(), s.w()}), unused(image.shape);
  std::copy_n(value.values.begin() + n * image.shape.elements(), image.shape.elements(), image.values.begin());
  return loss.evaluate(image, unused);
}

void TargetKeys::describe(ParamVisitor& v) {
  v.field({.name = "class", .doc = "the class to be seen: its number or name (or the beginning of it)"}, one_class);
  v.field({.name = "classes", .doc = "several in its place, by name or number, whose scores are added"}, classes);
  v.field({.name = "class_weights", .doc = "a factor for each of 'classes'; by default 1"}, class_weights);
  v.field({.name = "layer", .doc = "in place of a class, what is to be excited: this layer"}, layer);
  v.field({.name = "channel", .doc = "of the layer: the mean of its activations; -1: all channels", .min = -1},
          channel);
  v.field({.name = "position", .doc = "[y, x] of one neuron of the channel", .min = 0}, position);
}

Target TargetKeys::target(const Model& model, const Shape& image) const {
  const int ways = (given(one_class) ? 1 : 0) + (classes.empty() ? 0 : 1) + (layer.empty() ? 0 : 1);
  if (ways != 1)
    throw InputError("one of the keys 'class', 'classes' and 'layer' must say what is to be seen, found " +
                     std::to_string(ways) + " of them");
  if (!class_weights.empty() && class_weights.size() != classes.size())
    throw InputError("'class_weights' must have as many numbers as 'classes' has names, " +
                     std::to_string(classes.size()) + ", found " + std::to_string(class_weights.size()));
  const auto shapes = layer_shapes(model, image);
  if (layer.empty()) {
    std::vector<NumberOrName> names{one_class};
    if (!classes.empty()) names.assign(classes.begin(), classes.end());
    return classes_target(model, shapes.at(model.output), names,
                          class_weights.empty() ? std::vector<double>(names.size(), 1) : class_weights);
  }
  const Shape& s = shapes.at(model.layer(layer).name);
  if (channel < 0 && !position.empty()) throw InputError("'position' is that of a neuron: its 'channel' is missing");
  if (channel < 0) return {"layer " + layer, mean_square(layer), {}};
  if (channel >= s.c())
    throw InputError("'channel' must be below the " + std::to_string(s.c()) + " channels of layer '" + layer +
                     "', found " + std::to_string(channel));
  if (!position.empty() && (position.size() != 2 || position[0] >= s.h() || position[1] >= s.w()))
    throw InputError("'position' must be [y, x] inside the " + std::to_string(s.h()) + " x " + std::to_string(s.w()) +
                     " map of layer '" + layer + "'");
  Array weights(s);
  const auto map = std::span(weights.values)
                       .subspan(static_cast<size_t>(channel * s.h() * s.w()), static_cast<size_t>(s.h() * s.w()));
  const std::string name = "channel " + std::to_string(channel) + " of " + layer;
  if (position.empty()) {
    std::ranges::fill(map, 1.0F / static_cast<float>(map.size()));
    return {name, weighted_sum(layer, weights), {}};
  }
  map[static_cast<size_t>(position[0] * s.w() + position[1])] = 1;
  return {name + " at (" + std::to_string(position[0]) + ", " + std::to_string(position[1]) + ")",
          weighted_sum(layer, weights),
          {}};
}

}  // namespace convlens::viz
