#include "viz/style/picture_network.h"

#include <cmath>
#include <numeric>

#include "kernels/base/error.h"
#include "viz/optimisation/pixels.h"

namespace convlens::viz {
namespace {

constexpr double usual_value = 80;  // grey levels

// Returns the name of what the network's first layers read.
std::string add_network(GraphBuilder& graph, const Run& run, const Canvas& canvas) {
  const InputSpec& input = run.model().image_input();
  graph.image_input(PictureNetwork::pixels, input.shape.c(), canvas.height, canvas.width);
  const std::string normalised = add_normalisation(graph, PictureNetwork::pixels, input);
  graph.append(run.model(), normalised);
  return normalised;
}

// The first of the shape's members is the batch's 1.
Array without_batch(Array value) {
  value.shape = {value.shape.c(), value.shape.h(), value.shape.w()};
  return value;
}

std::vector<Array> values_at(Run& run, const GraphBuilder& graph, const Image& image,
                             const std::vector<std::string>& layers, const Guides& guides = {}) {
  if (layers.empty()) return {};
  const auto session = run.open(graph.model(), {.device = run.device(), .observe = layers});
  session->set_input(PictureNetwork::pixels, to_pixels(image, run.model().image_input()));
  guides.set_in(*session);
  session->forward();
  std::vector<Array> values;
  for (const std::string& layer : layers) values.push_back(without_batch(session->value(layer)));
  return values;
}

std::string add_gram(GraphBuilder& graph, const std::string& layer, const std::string& divisor) {
  return graph.add("Gram matrix of " + layer, "gram", {layer}, {{"divisor", divisor}});
}

}  // namespace

PictureNetwork::PictureNetwork(const Run& run, const Canvas& canvas)
    : run_(run), canvas_(canvas), graph_(run.model().name), normalised_(add_network(graph_, run, canvas)) {}

Shape PictureNetwork::features(const std::string& layer) const {
  const Plan plan = make_plan(graph_.model(), {.device = run_.device(), .observe = {layer}});
  const Shape& shape = plan.values.at(layer).desc.shape;
  return {shape.c(), shape.h(), shape.w()};
}

void PictureNetwork::add_distance(const std::string& term, const std::string& layer, const Array& target,
                                  double weight) {
  add_term(term, "mse_loss", run_.model().layer(layer).name, {{"reduction", "mean"}}, {target}, weight);
}

void PictureNetwork::add_relative_distance(const std::string& term, const std::string& layer, const Array& target,
                                           double weight) {
  const double squares = squares_of(target);
  if (!(squares > 0)) throw InputError("the features of layer '" + layer + "' are all zero");
  add_term(term, "mse_loss", run_.model().layer(layer).name, {{"reduction", "sum"}}, {target}, weight / squares);
}

void PictureNetwork::add_gram_distance(const std::string& term, const std::string& layer, const Array& target,
                                       const std::string& divisor, double weight) {
  add_gram_term(term, run_.model().layer(layer).name, target, divisor, weight);
}

void PictureNetwork::add_guided_gram_distance(const std::string& term, const std::string& layer, const Image& mask,
                                              const Array& target, const std::string& divisor, double weight) {
  if (weight == 0) return;
  const std::string guided =
      guides_.add(graph_, term + " in its region", run_.model().layer(layer).name, features(layer), mask);
  add_gram_term(term, guided, target, divisor, weight);
}

void PictureNetwork::add_gram_term(const std::string& term, const std::string& input, const Array& target,
                                   const std::string& divisor, double weight) {
  const double elements = static_cast<double>(target.shape.elements());
  add_term(term, "gram_loss", input, {{"divisor", divisor}, {"weight", 1 / elements}}, {target}, weight);
}

void PictureNetwork::add_variation(const std::string& term, const std::string& norm, double beta, double weight) {
  const double power = norm == "l1" ? 1 : norm == "l2" ? 2 : beta, unit = grey_level(run_.model().image_input());
  add_term(term, "total_variation", pixels, {{"norm", norm}, {"beta", beta}}, {}, weight / std::pow(unit, power));
}

void PictureNetwork::add_usual_variation(const std::string& term, double beta, double weight) {
  add_variation(term, "beta", beta, weight / (pixel_count() * std::pow(usual_value / 6.5, beta)));
}

void PictureNetwork::add_usual_norm(const std::string& term, double alpha, double weight) {
  const InputSpec& input = run_.model().image_input();
  const double level = mean_std(input) / grey_level(input);
  add_term(term, "alpha_norm", normalised_, {{"alpha", alpha}}, {},
           weight * std::pow(level / usual_value, alpha) / pixel_count());
}

void PictureNetwork::add_term(const std::string& term, const std::string& op, const std::string& input,
                              const Json& params, const std::vector<Array>& weights, double weight) {
  if (weight == 0) return;
  terms_.push_back({term, layer_sum(graph_.add(term, op, {input}, params, weights)), weight});
}

Stage PictureNetwork::stage(const std::string& name) const {
  return {name, graph_.model(), {.device = run_.device(), .losses = objective().layers(), .gradients = {pixels}}};
}

double squares_of(const Array& array) {
  double sum = 0;
  for (const float value : array.values) sum += static_cast<double>(value) * value;
  return sum;
}

std::vector<Array> features_of(Run& run, const Image& image, const std::vector<std::string>& layers) {
  for (const std::string& layer : layers) run.model().layer(layer);
  GraphBuilder graph(run.model().name);
  add_network(graph, run, {image.height, image.width});
  return values_at(run, graph, image, layers);
}

std::vector<Array> grams_of(Run& run, const Image& image, const std::vector<std::string>& layers,
                            const std::string& divisor) {
  GraphBuilder graph(run.model().name);
  add_network(graph, run, {image.height, image.width});
  std::vector<std::string> grams;
  for (const std::string& layer : layers) grams.push_back(add_gram(graph, run.model().layer(layer).name, divisor));
  return values_at(run, graph, image, grams);
}

std::vector<Array> guided_grams_of(Run& run, const Image& image, const Image& mask,
                                   const std::vector<std::string>& layers, const std::string& divisor) {
  const Canvas canvas{image.height, image.width};
  const PictureNetwork network(run, canvas);
  GraphBuilder graph(run.model().name);
  add_network(graph, run, canvas);
  Guides guides;
  std::vector<std::string> grams;
  for (const std::string& layer : layers) {
    const std::string& name = run.model().layer(layer).name;
    grams.push_back(
        add_gram(graph, guides.add(graph, name + " in its region", name, network.features(layer), mask), divisor));
  }
  return values_at(run, graph, image, grams, guides);
}

}  // namespace convlens::viz
