#include "engine/graph_regions.h"

#include "kernels/base/error.h"

namespace convlens {
namespace {

// The outputs that depend on `part` of input number `input`, as the least region that holds them. Asking each row and
// column of the output needs no more of an operator than that it can say what it reads: not even that later outputs
// read later inputs, which is not so where padding reflects.
Region reached_outputs(const Layer& layer, std::span<const Shape> inputs, size_t input, const Region& part,
                       const Shape& output) {
  Region reached;
  for (int64_t y = 0; y < output.h(); ++y) {
    const Region read = layer.op->input_region(*layer.params, inputs, input, unit_at(y, 0));
    if (!intersection(read.y, part.y).empty()) reached.y = hull(reached.y, {y, y + 1});
  }
  for (int64_t x = 0; x < output.w(); ++x) {
    const Region read = layer.op->input_region(*layer.params, inputs, input, unit_at(0, x));
    if (!intersection(read.x, part.x).empty()) reached.x = hull(reached.x, {x, x + 1});
  }
  return reached;
}

}  // namespace

GraphRegions::GraphRegions(const Model& model, const std::map<std::string, Shape>& given) : model_(model) {
  for (const InputSpec& input : model.inputs) {
    const auto it = given.find(input.name);
    const Shape& s = it == given.end() ? input.shape : it->second;
    shapes_[input.name] = {1, s.c(), s.h(), s.w()};
  }
  for (const Layer& layer : model.layers) shapes_[layer.name] = layer.op->infer(*layer.params, input_shapes(layer));
}

std::vector<Shape> GraphRegions::input_shapes(const Layer& layer) const {
  std::vector<Shape> shapes;
  for (const std::string& input : layer.inputs) shapes.push_back(shapes_.at(input));
  return shapes;
}

const Shape& GraphRegions::shape(const std::string& name) const {
  const auto it = shapes_.find(name);
  return it != shapes_.end() ? it->second : shapes_.at(model_.layer(name).name);
}

Region GraphRegions::receptive_field(const std::string& layer, const Region& part, const std::string& source) const {
  std::map<std::string, Region> read{{layer, intersection(part, whole_map(shape(layer)))}};
  for (auto it = model_.layers.rbegin(); it != model_.layers.rend(); ++it) {
    const auto of_layer = read.find(it->name);
    if (of_layer == read.end() || of_layer->second.empty() || it->name == source) continue;
    const auto shapes = input_shapes(*it);
    for (size_t i = 0; i < shapes.size(); ++i) {
      const Region region = it->op->input_region(*it->params, shapes, i, of_layer->second);
      Region& all = read[it->inputs[i]];
      all = hull(all, intersection(region, whole_map(shapes[i])));
    }
  }
  shape(source);  // or an error that names the nearest
  return read[source];
}

std::map<std::string, Region> GraphRegions::reached(const std::string& source, const Region& part) const {
  std::map<std::string, Region> reached{{source, intersection(part, whole_map(shape(source)))}};
  for (const Layer& layer : model_.layers) {
    if (layer.name == source) continue;
    const auto shapes = input_shapes(layer);
    Region all;
    for (size_t i = 0; i < shapes.size(); ++i)
      if (const auto it = reached.find(layer.inputs[i]); it != reached.end())
        all = hull(all, reached_outputs(layer, shapes, i, it->second, shape(layer.name)));
    if (!all.empty()) reached[layer.name] = all;
  }
  return reached;
}

}  // namespace convlens
