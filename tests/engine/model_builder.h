#pragma once

#include <cmath>
#include <random>

#include "engine/model.h"
#include "engine/session.h"
#include "kernels/base/json.h"
#include "kernels/base/params.h"
#include "kernels/base/registry.h"

namespace convlens::test {

/// Makes small models in code, with random weights of a size that keeps activations near 1.
class ModelBuilder {
 public:
  explicit ModelBuilder(Shape image, uint64_t seed = 1) : random_(seed) {
    model_.name = "test";
    model_.inputs.push_back({.name = "image", .shape = image});
    shapes_["image"] = image;
    model_.output = "image";
  }

  /// Adds an input that is no image.
  void add_vector(const std::string& name, int64_t size) {
    model_.inputs.push_back({.name = name, .kind = InputSpec::Kind::vector, .shape = {1, size, 1, 1}});
    shapes_[name] = model_.inputs.back().shape;
  }

  /// Adds a layer and returns its name; with no inputs it reads the layer added before it.
  std::string add(const std::string& name, const std::string& op, const Json& params = Json::object(),
                  std::vector<std::string> inputs = {}) {
    if (inputs.empty()) inputs = {model_.output};
    Layer layer{
        .name = name, .op = &operator_by_name(op), .params = operator_by_name(op).new_params(), .inputs = inputs};
    read_params(*layer.params, params, name, "params");
    std::vector<Shape> shapes;
    for (const std::string& input : inputs) shapes.push_back(shapes_.at(input));
    for (const WeightSpec& spec : layer.op->weights(*layer.params, shapes))
      layer.weights.push_back(random_weight(name, spec));
    shapes_[name] = layer.op->infer(*layer.params, shapes);
    model_.layers.push_back(layer);
    return model_.output = name;
  }

  const Shape& shape(const std::string& name) const { return shapes_.at(name); }
  const Model& model() const { return model_; }
  std::mt19937_64& random() { return random_; }

 private:
  Weight random_weight(const std::string& layer, const WeightSpec& spec) {
    const auto values = std::make_shared<std::vector<float>>(static_cast<size_t>(spec.shape.elements()));
    const double fan_in = spec.shape.rank() > 1 ? static_cast<double>(spec.shape.elements() / spec.shape[0]) : 1.0;
    std::normal_distribution<float> normal(0, static_cast<float>(std::sqrt(2 / fan_in)));
    std::uniform_real_distribution<float> positive(0.5F, 2.0F);
    for (float& value : *values) value = spec.role == "running_var" ? positive(random_) : normal(random_);
    return {layer + "." + spec.role, spec.shape, {values, values->data()}};
  }

  Model model_;
  std::map<std::string, Shape> shapes_;
  std::mt19937_64 random_;
};

inline Array random_array(const Shape& shape, std::mt19937_64& random) {
  std::normal_distribution<float> normal;
  Array array(shape);
  for (float& value : array.values) value = normal(random);
  return array;
}

/// max |a - b| / max |b|; NaN if anything is.
inline double relative_difference(const Array& a, const Array& b) {
  double difference = 0, scale = 0;
  for (size_t i = 0; i < b.values.size(); ++i) {
    const double d = std::abs(static_cast<double>(a.values[i]) - b.values[i]);
    difference = std::isnan(d) ? d : std::max(difference, d);
    scale = std::max(scale, std::abs(static_cast<double>(b.values[i])));
    if (std::isnan(difference)) return difference;
  }
  return scale == 0 ? difference : difference / scale;
}

}  // namespace convlens::test
