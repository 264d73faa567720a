#include "viz/optimisation/generator.h"

#include <algorithm>

#include "engine/plan.h"
#include "kernels/base/error.h"
#include "kernels/base/json.h"

namespace convlens::viz {

const InputSpec& code_input(const Model& generator) {
  if (generator.inputs.size() != 1 || generator.inputs[0].kind != InputSpec::Kind::vector)
    throw InputError("the model '" + generator.name +
                     "' is no generator: its one input must be a code, of kind vector");
  return generator.inputs[0];
}

Shape picture_shape(const Model& generator) {
  return make_plan(generator, {.observe = {generator.output}}).values.at(generator.output).desc.shape;
}

Model generator_behind(const Model& generator, const std::string& layer) {
  const std::string& name = generator.layer(layer).name;
  const Shape shape = make_plan(generator, {.observe = {name}}).values.at(name).desc.shape;
  Model part = generator;
  part.inputs = {{.name = name, .kind = InputSpec::Kind::vector, .shape = shape}};
  const auto last = std::ranges::find(part.layers, name, &Layer::name);
  part.layers.erase(part.layers.begin(), last + 1);
  for (const Layer& later : part.layers)
    for (const std::string& input : later.inputs)
      if (input != name && !part.find_layer(input))
        throw InputError("the layer '" + name + "' of '" + generator.name + "' is no code: '" + later.name +
                         "' behind it reads '" + input + "' too");
  return part;
}

std::string add_generator(GraphBuilder& graph, const Model& generator, const std::string& code) {
  const Model network = prefixed(generator, "generator/");
  return graph.append(network, code_input(network).name, code);
}

std::string add_fit(GraphBuilder& graph, const std::string& picture, const Shape& from, int64_t height, int64_t width) {
  const int64_t scale = std::max((height + from.h() - 1) / from.h(), (width + from.w() - 1) / from.w());
  std::string last = picture;
  if (scale > 1) last = graph.add("enlarged", "upsample", {last}, {{"scale_factor", scale}, {"mode", "bilinear"}});
  const int64_t rows = scale * from.h() - height, columns = scale * from.w() - width;
  if (rows == 0 && columns == 0) return last;
  return graph.add("centre", "pad", {last},
                   {{"padding", {-(rows / 2), -(columns / 2), rows / 2 - rows, columns / 2 - columns}}});
}

}  // namespace convlens::viz
