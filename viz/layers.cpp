#include "viz/layers.h"

#include "kernels/base/error.h"

namespace convlens::viz {

bool has_filters(const Layer& layer) { return !layer.weights.empty() && layer.weights[0].shape.rank() == 4; }

std::map<std::string, Shape> layer_shapes(const Model& model, const Shape& image) {
  std::map<std::string, Shape> shapes;
  for (const InputSpec& input : model.inputs) shapes[input.name] = input.shape;
  shapes[model.image_input().name] = image;
  for (const Layer& layer : model.layers) {
    std::vector<Shape> inputs;
    for (const std::string& input : layer.inputs) inputs.push_back(shapes.at(input));
    shapes[layer.name] = layer.op->infer(*layer.params, inputs);
  }
  return shapes;
}

std::string last_map(const Model& model, const Shape& image) {
  const auto shapes = layer_shapes(model, image);
  const Shape* size = nullptr;  // of the last convolution's map
  std::string last;
  for (const Layer& layer : model.layers) {
    const Shape& s = shapes.at(layer.name);
    if (has_filters(layer) && s.h() * s.w() > 1) size = &s;
    if (size && s.h() == size->h() && s.w() == size->w()) last = layer.name;
  }
  if (!size) throw InputError("the model '" + model.name + "' has no convolution on a map");
  return last;
}

}  // namespace convlens::viz
