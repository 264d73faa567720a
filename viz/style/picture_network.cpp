#include "viz/style/picture_network.h"

#include <cmath>

#include "engine/array_part.h"
#include "engine/device_memory.h"
#include "kernels/base/error.h"
#include "viz/optimisation/pixels.h"
#include "viz/optimisation/session_evaluator.h"
#include "viz/optimisation/sum_evaluator.h"

namespace convlens::viz {
namespace {

constexpr double usual_value = 80;  // grey levels

// The pixels and, behind them, what the network's first layers read, whose name is returned.
std::string add_pixels(GraphBuilder& graph, const Run& run, const Canvas& canvas) {
  const InputSpec& input = run.model().image_input();
  graph.image_input(PictureNetwork::pixels, input.shape.c(), canvas.height, canvas.width);
  return add_normalisation(graph, PictureNetwork::pixels, input);
}

GraphBuilder network_of(const Run& run, const Canvas& canvas) {
  GraphBuilder graph(run.model().name);
  graph.append(run.model(), add_pixels(graph, run, canvas));
  return graph;
}

Canvas canvas_of(const Image& image) { return {image.height, image.width}; }

Pair size_of(const Canvas& canvas) { return {canvas.height, canvas.width}; }

// The first of the shape's members is the batch's 1.
Array without_batch(Array value) {
  value.shape = {value.shape.c(), value.shape.h(), value.shape.w()};
  return value;
}

WindowSession open_windows(Run& run, const Image& image, const WindowRequest& request, std::optional<size_t> bytes) {
  const Canvas canvas = canvas_of(image);
  return {run, request, plan_windows(run.device(), network_of(run, canvas), request, size_of(canvas), bytes)};
}

// By what a Gram matrix of features C x H x W is divided.
double divisor_of(const std::string& divisor, double channels, double places) {
  return divisor == "chw" ? channels * places : divisor == "hw" ? places : 1;
}

std::vector<Array> divided_grams(Run& run, const Image& image, const std::vector<GramSum>& sums,
                                 const std::string& divisor, std::optional<size_t> bytes) {
  if (sums.empty()) return {};
  WindowSession session = open_windows(run, image, {.input = PictureNetwork::pixels, .grams = sums}, bytes);
  std::vector<Array> grams;
  for (const Array& gram : session.grams(to_pixels(image, run.model().image_input()))) {
    const auto [height, width] = session.grid().map(sums[grams.size()].layer);
    grams.push_back(without_batch(gram));
    const double by = divisor_of(divisor, static_cast<double>(gram.shape.w()), static_cast<double>(height * width));
    for (float& value : grams.back().values) value = static_cast<float>(value / by);
  }
  return grams;
}

double squared_distance(const Array& part, const Array& target, Array& gradient) {
  double sum = 0;
  for (size_t i = 0; i < part.values.size(); ++i) {
    const float difference = part.values[i] - target.values[i];
    sum += static_cast<double>(difference) * difference;
    gradient.values[i] += 2 * difference;
  }
  return sum;
}

}  // namespace

PictureNetwork::PictureNetwork(const Run& run, const Canvas& canvas)
    : run_(run), canvas_(canvas), graph_(network_of(run, canvas)), pixel_graph_(run.model().name + ", pixels") {
  normalised_ = add_pixels(pixel_graph_, run, canvas);
}

Shape PictureNetwork::features(const std::string& layer) const {
  const Plan plan = make_plan(graph_.model(), {.device = run_.device(), .observe = {layer}});
  const Shape& shape = plan.values.at(layer).desc.shape;
  return {shape.c(), shape.h(), shape.w()};
}

void PictureNetwork::add_distance(const std::string& term, const std::string& layer, const Array& target,
                                  double weight) {
  add_squared_distance(term, layer, target, weight / static_cast<double>(target.shape.elements()));
}

void PictureNetwork::add_relative_distance(const std::string& term, const std::string& layer, const Array& target,
                                           double weight) {
  const double squares = squares_of(target);
  if (!(squares > 0)) throw InputError("the features of layer '" + layer + "' are all zero");
  add_squared_distance(term, layer, target, weight / squares);
}

void PictureNetwork::add_squared_distance(const std::string& term, const std::string& layer, const Array& target,
                                          double weight) {
  if (weight == 0) return;
  const std::string& name = run_.model().layer(layer).name;
  add_term(term, "mse_loss", name, {{"reduction", "sum"}}, {target}, weight);
  const auto whole = std::make_shared<Array>(target);
  whole->shape = {1, target.shape[0], target.shape[1], target.shape[2]};
  window_terms_.local.push_back({term, name, weight, [whole](const Array& part, const Region& where, Array& gradient) {
                                   return squared_distance(part, part_of(*whole, where), gradient);
                                 }});
}

void PictureNetwork::add_gram_distance(const std::string& term, const std::string& layer, const Array& target,
                                       const std::string& divisor, double weight) {
  const std::string& name = run_.model().layer(layer).name;
  add_gram_term(term, {name}, name, target, divisor, weight);
}

void PictureNetwork::add_guided_gram_distance(const std::string& term, const std::string& layer, const Image& mask,
                                              const Array& target, const std::string& divisor, double weight) {
  if (weight == 0) return;
  const std::string& name = run_.model().layer(layer).name;
  const Shape map = features(layer);
  const Array channel = guidance_channel(mask, map[1], map[2]);
  const std::string guided = guides_.add(graph_, term + " in its region", name, channel);
  add_gram_term(term, {name, channel}, guided, target, divisor, weight);
}

// `features`: where the whole picture's are.
void PictureNetwork::add_gram_term(const std::string& term, const GramSum& gram, const std::string& features,
                                   const Array& target, const std::string& divisor, double weight) {
  if (weight == 0) return;
  const double elements = static_cast<double>(target.shape.elements());
  add_term(term, "gram_loss", features, {{"divisor", divisor}, {"weight", 1 / elements}}, {target}, weight);
  const Shape map = this->features(gram.layer);
  const double by =
      divisor_of(divisor, static_cast<double>(map[0]), static_cast<double>(map[1]) * static_cast<double>(map[2]));
  window_terms_.gram.push_back({term, gram, target, by, weight / elements});
}

void PictureNetwork::add_variation(const std::string& term, const std::string& norm, double beta, double weight) {
  const double power = norm == "l1" ? 1 : norm == "l2" ? 2 : beta, unit = grey_level(run_.model().image_input());
  add_pixel_term(term, "total_variation", pixels, {{"norm", norm}, {"beta", beta}}, weight / std::pow(unit, power));
}

void PictureNetwork::add_usual_variation(const std::string& term, double beta, double weight) {
  add_variation(term, "beta", beta, weight / (pixel_count() * std::pow(usual_value / 6.5, beta)));
}

void PictureNetwork::add_usual_norm(const std::string& term, double alpha, double weight) {
  const InputSpec& input = run_.model().image_input();
  const double level = mean_std(input) / grey_level(input);
  add_pixel_term(term, "alpha_norm", normalised_, {{"alpha", alpha}},
                 weight * std::pow(level / usual_value, alpha) / pixel_count());
}

void PictureNetwork::add_pixel_term(const std::string& term, const std::string& op, const std::string& input,
                                    const Json& params, double weight) {
  if (weight == 0) return;
  add_term(term, op, input, params, {}, weight);
  pixel_terms_.push_back({term, layer_sum(pixel_graph_.add(term, op, {input}, params)), weight});
}

void PictureNetwork::add_term(const std::string& term, const std::string& op, const std::string& input,
                              const Json& params, const std::vector<Array>& weights, double weight) {
  if (weight == 0) return;
  terms_.push_back({term, layer_sum(graph_.add(term, op, {input}, params, weights)), weight});
}

PlanRequest PictureNetwork::request(const Objective& objective) const {
  return {.device = run_.device(), .losses = objective.layers(), .gradients = {pixels}};
}

Stage PictureNetwork::stage(const std::string& name) const { return {name, graph_.model(), request(objective())}; }

bool PictureNetwork::fits_whole(std::optional<size_t> bytes) const {
  return !bytes || device_bytes(make_plan(graph_.model(), request(objective()))) <= *bytes;
}

// Beside the session for the pixels.
WindowPlan PictureNetwork::windows(size_t bytes) const {
  const Objective of_pixels(pixel_terms_);
  const size_t taken = pixel_terms_.empty() ? 0 : device_bytes(make_plan(pixel_graph_.model(), request(of_pixels)));
  return plan_windows(run_.device(), network_of(run_, canvas_), window_terms_.request(pixels), size_of(canvas_),
                      bytes - std::min(bytes, taken));
}

std::vector<Stage> PictureNetwork::stages(const std::string& name, std::optional<size_t> bytes) const {
  if (fits_whole(bytes)) return {stage(name)};
  std::vector<Stage> stages;
  if (!pixel_terms_.empty())
    stages.push_back({name + ", pixels", pixel_graph_.model(), request(Objective(pixel_terms_))});
  const WindowPlan plan = windows(*bytes);
  const auto [height, width] = plan.grid.window_size();
  stages.push_back({name + ", one of " + std::to_string(plan.grid.size()) + " windows of " + std::to_string(height) +
                        " x " + std::to_string(width),
                    plan.network, plan.request});
  return stages;
}

std::unique_ptr<Evaluator> PictureNetwork::evaluator(Run& run, std::optional<size_t> bytes) const {
  if (fits_whole(bytes)) {
    auto session = run.open(graph_.model(), request(objective()));
    guides_.set_in(*session);
    return std::make_unique<SessionEvaluator>(objective(), graph_.model(), std::move(session), pixels);
  }
  std::vector<std::unique_ptr<Evaluator>> parts;
  auto session = std::make_unique<WindowSession>(run, window_terms_.request(pixels), windows(*bytes));
  parts.push_back(std::make_unique<WindowEvaluator>(window_terms_, std::move(session)));
  if (const Objective objective(pixel_terms_); !pixel_terms_.empty())
    parts.push_back(std::make_unique<SessionEvaluator>(objective, pixel_graph_.model(),
                                                       run.open(pixel_graph_.model(), request(objective)), pixels));
  return std::make_unique<SumEvaluator>(std::move(parts));
}

double squares_of(const Array& array) {
  double sum = 0;
  for (const float value : array.values) sum += static_cast<double>(value) * value;
  return sum;
}

std::vector<Array> features_of(Run& run, const Image& image, const std::vector<std::string>& layers,
                               std::optional<size_t> bytes) {
  if (layers.empty()) return {};
  WindowRequest request{.input = PictureNetwork::pixels};
  for (const std::string& layer : layers) request.maps.push_back(run.model().layer(layer).name);
  WindowSession session = open_windows(run, image, request, bytes);
  std::vector<Array> maps;
  for (Array& map : session.maps(to_pixels(image, run.model().image_input())))
    maps.push_back(without_batch(std::move(map)));
  return maps;
}

std::vector<Array> grams_of(Run& run, const Image& image, const std::vector<std::string>& layers,
                            const std::string& divisor, std::optional<size_t> bytes) {
  std::vector<GramSum> sums;
  for (const std::string& layer : layers) sums.push_back({run.model().layer(layer).name});
  return divided_grams(run, image, sums, divisor, bytes);
}

std::vector<Array> guided_grams_of(Run& run, const Image& image, const Image& mask,
                                   const std::vector<std::string>& layers, const std::string& divisor,
                                   std::optional<size_t> bytes) {
  const PictureNetwork network(run, canvas_of(image));
  std::vector<GramSum> sums;
  for (const std::string& layer : layers) {
    const Shape map = network.features(layer);
    sums.push_back({run.model().layer(layer).name, guidance_channel(mask, map[1], map[2])});
  }
  return divided_grams(run, image, sums, divisor, bytes);
}

}  // namespace convlens::viz
