#include "viz/optimisation/not_finite.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <ranges>
#include <set>

namespace convlens::viz {
namespace {

bool all_finite(const Array& array) {
  return std::ranges::all_of(array.values, [](float value) { return std::isfinite(value); });
}

// Those of `layers` on which a loss depends.
std::vector<std::string> leading_to(const Model& model, const std::vector<std::string>& layers,
                                    std::span<const Loss> losses) {
  std::set<std::string> leading;
  for (const Loss& loss : losses) leading.insert(loss.layer);
  leading = with_ancestors(model, std::move(leading));
  std::vector<std::string> some;
  std::ranges::copy_if(layers, std::back_inserter(some), [&](const auto& layer) { return leading.contains(layer); });
  return some;
}

// A session like the given one that lets layers and gradients be looked at, with its inputs.
Session observing(const Model& model, const Session& session, const std::vector<std::string>& layers,
                  const std::vector<std::string>& gradients, std::span<const Loss> losses) {
  PlanRequest request{.device = session.plan().device, .observe = layers, .gradients = gradients};
  for (const Loss& loss : losses) request.losses.push_back(loss.layer);
  std::map<std::string, Array> inputs;
  for (const InputSpec& input : model.inputs)
    if (session.plan().values.contains(input.name)) inputs[input.name] = session.value(input.name);
  for (const auto& [name, value] : inputs) {
    request.batch = value.shape.n();
    request.input_shapes[name] = {1, value.shape.c(), value.shape.h(), value.shape.w()};
  }
  Session observing(model, request);
  for (const auto& [name, value] : inputs) observing.set_input(name, value);
  return observing;
}

}  // namespace

std::string first_not_finite(const Model& model, const Session& session, std::span<const Loss> losses) {
  std::vector<std::string> layers;  // that the session runs, in order
  std::set<std::string> run;
  for (const Step& step : session.plan().steps) run.insert(step.layer);
  for (const auto& [layer, host] : session.plan().fused) run.insert(layer);
  for (const Layer& layer : model.layers)
    if (run.contains(layer.name)) layers.push_back(layer.name);
  const std::vector<std::string> leading = leading_to(model, layers, losses);
  Session look = observing(model, session, layers, leading, losses);
  look.forward();
  for (const std::string& layer : layers)
    if (!all_finite(look.value(layer))) return "the output of layer '" + layer + "'";
  look.backward(losses);
  for (const std::string& layer : std::views::reverse(leading))
    if (!all_finite(look.gradient(layer))) return "the gradient of layer '" + layer + "'";
  return "";
}

}  // namespace convlens::viz
