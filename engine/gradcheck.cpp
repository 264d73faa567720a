#include "engine/gradcheck.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include "engine/session.h"

namespace convlens {
namespace {

using Generator = std::mt19937_64;

Array random_array(const Shape& shape, Generator& random) {
  std::normal_distribution<float> normal;
  Array array(shape);
  std::ranges::generate(array.values, [&] { return normal(random); });
  return array;
}

double root_mean_square(const Array& array) {
  double sum = 0;
  for (const float value : array.values) sum += static_cast<double>(value) * value;
  return std::sqrt(sum / static_cast<double>(array.values.size()));
}

/// The values of every layer for one random input.
std::map<std::string, Array> run_network(const Model& model, const GradcheckOptions& options, Generator& random) {
  PlanRequest request{.device = options.device, .rewrite = false};
  request.observe = model.layer_names();
  for (const InputSpec& input : model.inputs)
    if (options.size && input.kind == InputSpec::Kind::image)
      request.input_shapes[input.name] = {1, input.shape.c(), (*options.size)[0], (*options.size)[1]};
  Session session(model, request);
  for (const InputSpec& input : model.inputs)
    session.set_input(input.name, random_array(session.value(input.name).shape, random));
  session.forward();
  std::map<std::string, Array> values;
  for (const InputSpec& input : model.inputs) values[input.name] = session.value(input.name);
  for (const Layer& layer : model.layers) values[layer.name] = session.value(layer.name);
  return values;
}

/// A network of one layer, whose inputs are called "0", "1", ...
Model single_layer(const Layer& layer, const std::vector<Array>& inputs) {
  Model model{.name = layer.name, .layers = {layer}, .output = layer.name};
  for (size_t i = 0; i < inputs.size(); ++i) {
    model.layers[0].inputs[i] = std::to_string(i);
    model.inputs.push_back({.name = std::to_string(i), .kind = InputSpec::Kind::vector, .shape = inputs[i].shape});
  }
  return model;
}

PlanRequest request_for(const Model& model, Device device) {
  PlanRequest request{.device = device, .losses = {model.output}, .rewrite = false};
  for (const InputSpec& input : model.inputs) request.gradients.push_back(input.name);
  return request;
}

class LayerChecker {
 public:
  LayerChecker(const Layer& layer, std::vector<Array> inputs, const GradcheckOptions& options, Generator& random)
      : model_(single_layer(layer, inputs)),
        inputs_(std::move(inputs)),
        options_(options),
        random_(random),
        tested_(model_, request_for(model_, options.device)),
        reference_(model_, {.device = Device::reference, .observe = {model_.output}, .rewrite = false}),
        result_{.layer = layer.name, .op = layer.op->name()} {}

  LayerCheck check() {
    for (size_t i = 0; i < inputs_.size(); ++i) tested_.set_input(std::to_string(i), inputs_[i]);
    for (size_t i = 0; i < inputs_.size(); ++i) reference_.set_input(std::to_string(i), inputs_[i]);
    tested_.forward();
    direction_ = random_array(tested_.value(model_.output).shape, random_);
    const Loss losses[] = {projection(model_.output, direction_)};
    tested_.backward(losses);
    for (size_t i = 0; i < inputs_.size(); ++i) check_input(i);
    return result_;
  }

 private:
  void check_input(size_t input) {
    const Array gradient = tested_.gradient(std::to_string(input));
    const double scale = root_mean_square(gradient), loss = loss_for(input, inputs_[input]);
    const auto step = static_cast<float>(1e-4 * std::max(root_mean_square(inputs_[input]), 1e-3));
    std::uniform_int_distribution<size_t> element(0, gradient.values.size() - 1);
    for (int64_t sample = 0; sample < options_.samples; ++sample) {
      const size_t i = element(random_);
      const double right = quotient(input, i, step, loss), left = quotient(input, i, -step, loss);
      const double numeric = (left + right) / 2, magnitude = std::max({std::abs(numeric), scale, 1e-12});
      if (!(std::abs(right - left) <= options_.tolerance * magnitude)) {
        ++result_.kinks;
        continue;
      }
      const double error = std::abs(numeric - gradient.values[i]) / magnitude;
      ++result_.checked;
      result_.worst_error = std::max(result_.worst_error, error);
      if (!(error <= options_.tolerance)) result_.passed = false;
    }
    reference_.set_input(std::to_string(input), inputs_[input]);
  }

  // The inputs are floats: the step that was really made, not h, goes below the fraction.
  double quotient(size_t input, size_t i, float h, double loss) {
    Array moved = inputs_[input];
    moved.values[i] += h;
    return (loss_for(input, moved) - loss) / (static_cast<double>(moved.values[i]) - inputs_[input].values[i]);
  }

  double loss_for(size_t input, const Array& value) {
    reference_.set_input(std::to_string(input), value);
    reference_.forward();
    return reference_.dot(model_.output, direction_);
  }

  Model model_;
  std::vector<Array> inputs_;
  const GradcheckOptions& options_;
  Generator& random_;
  Session tested_, reference_;
  Array direction_;
  LayerCheck result_;
};

}  // namespace

GradcheckResult check_gradients(const Model& model, const GradcheckOptions& options,
                                const std::function<void(const LayerCheck&)>& on_layer) {
  Generator random(options.seed);
  const auto values = run_network(model, options, random);
  GradcheckResult result;
  for (const Layer& layer : model.layers) {
    std::vector<Array> inputs;
    for (const std::string& input : layer.inputs) inputs.push_back(values.at(input));
    result.layers.push_back(LayerChecker(layer, std::move(inputs), options, random).check());
    result.passed = result.passed && result.layers.back().passed;
    if (on_layer) on_layer(result.layers.back());
  }
  return result;
}

}  // namespace convlens
