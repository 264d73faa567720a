#include "viz/training/trainer.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <numeric>

#include "kernels/base/error.h"
#include "viz/exact_numbers.h"
#include "viz/run.h"

namespace convlens::viz {
namespace {

enum Stream : int64_t { shuffling, augmentation };  // of random numbers

PlanRequest training_request(const TrainingGraph& graph, const TrainKeys& keys) {
  PlanRequest request{.device = resolve_device(keys.device),
                      .batch = keys.batch,
                      .losses = {graph.training.output},
                      .weight_gradients = true};
  for (const RunningStatistics& statistics : graph.statistics) request.observe.push_back(statistics.layer);
  return request;
}

}  // namespace

void TrainKeys::describe(ParamVisitor& v) {
  v.field({.name = "model",
           .doc = "an architecture (model.json without weights), or a model's folder to go on from",
           .required = true},
          model);
  v.field({.name = "data", .doc = "a folder with a folder of pictures for each class", .required = true}, data);
  v.field({.name = "validation", .doc = "the same of pictures that are not trained on", .required = true}, validation);
  v.field({.name = "out", .doc = "folder for the results", .required = true}, out);
  v.choice({.name = "device", .doc = "where the network is computed"}, device,
           {"auto", "cpu", "cuda", "simt", "reference"});
  v.choice<Schedule>({.name = "schedule", .doc = "of the learning rate"}, schedule,
                     {{"constant", Schedule::constant}, {"cosine", Schedule::cosine}});
  v.field({.name = "epochs", .doc = "times each picture is seen", .min = 1}, epochs);
  v.field({.name = "batch", .doc = "pictures a step; those left over at an epoch's end wait for another", .min = 1},
          batch);
  v.field({.name = "seed", .doc = "of initial weights, order and augmentation"}, seed);
  v.field({.name = "threads", .doc = "0: one for each processor", .min = 0}, threads);
  v.field({.name = "shift", .doc = "pixels by which a picture may be moved each way, its edge repeated", .min = 0},
          shift);
  v.field({.name = "flip", .doc = "whether half of the pictures are mirrored, left for right"}, flip);
  v.field({.name = "momentum", .doc = "share of the newest batch in a batch norm's statistics", .min = 0, .max = 1},
          momentum);
  v.field({.name = "checkpoint_steps", .doc = "steps from one checkpoint to the next", .min = 1}, checkpoint_steps);
}

Trainer::Trainer(const Model& model, const TrainKeys& keys, Optimizer optimizer, const Dataset& data,
                 const Dataset& validation)
    : keys_(keys),
      graph_(make_training_graph(model)),
      optimizer_(std::move(optimizer)),
      averages_({{"name", "running_average"}, {"momentum", keys.momentum}}, "the statistics"),
      data_(data),
      validation_(validation),
      steps_of_epoch_(std::ssize(data.pictures) / keys.batch) {
  if (steps_of_epoch_ < 1)
    throw InputError("a batch of " + std::to_string(keys.batch) +
                     " pictures needs at least as many to train on, found " + std::to_string(data.pictures.size()));
  if (graph_.parameters.empty()) throw InputError("the model '" + model.name + "' has no weights to train");
  filters.emplace_back(graph_.parameters[0].values.begin(), graph_.parameters[0].values.end());
  session_ = std::make_unique<Session>(graph_.training, training_request(graph_, keys));
}

double Trainer::learning_rate() const {
  if (keys_.schedule == Schedule::constant) return 1;
  return 0.5 * (1 + std::cos(std::numbers::pi * static_cast<double>(steps_done()) / static_cast<double>(steps())));
}

// One picture, mirrored and moved by chance.
void Trainer::add_picture(const Array& picture, Random& random, float* to) const {
  const Shape& s = picture.shape;
  const bool mirrored = keys_.flip && random.below(2) == 1;
  const int64_t down = random.below(2 * keys_.shift + 1) - keys_.shift,
                right = random.below(2 * keys_.shift + 1) - keys_.shift;
  for (int64_t c = 0; c < s.c(); ++c)
    for (int64_t y = 0; y < s.h(); ++y)
      for (int64_t x = 0; x < s.w(); ++x) {
        const int64_t row = std::clamp<int64_t>(y - down, 0, s.h() - 1),
                      column = std::clamp<int64_t>(x - right, 0, s.w() - 1);
        *to++ =
            picture.values[static_cast<size_t>((c * s.h() + row) * s.w() + (mirrored ? s.w() - 1 - column : column))];
      }
}

Array Trainer::next_batch(std::vector<int64_t>& labels) const {
  const int64_t epoch = steps_done() / steps_of_epoch_, first = steps_done() % steps_of_epoch_ * keys_.batch;
  std::vector<size_t> order(data_.pictures.size());
  std::iota(order.begin(), order.end(), 0);
  Random(keys_.seed, shuffling, epoch).shuffle(order);
  Random random(keys_.seed, augmentation, steps_done());
  const Shape& s = data_.pictures[0].shape;
  Array batch({keys_.batch, s.c(), s.h(), s.w()});
  for (int64_t i = 0; i < keys_.batch; ++i) {
    const size_t picture = order[static_cast<size_t>(first + i)];
    labels.push_back(data_.labels[picture]);
    add_picture(data_.pictures[picture], random, batch.values.data() + i * s.elements());
  }
  return batch;
}

double Trainer::step() {
  const double rate = learning_rate();
  std::vector<int64_t> labels;
  session_->set_input(graph_.training.image_input().name, next_batch(labels));
  session_->forward();
  const std::vector<Loss> objective{cross_entropy(graph_.training.output, labels)};
  const double loss = session_->backward(objective);
  if (!std::isfinite(loss))
    throw InputError("the loss of step " + std::to_string(steps_done() + 1) + " is " + std::to_string(loss) +
                     ": a smaller learning rate may help");
  losses.push_back(loss);
  std::map<std::string, std::vector<Array>> gradients;
  for (size_t i = 0; i < graph_.parameters.size(); ++i) {
    const Parameter& parameter = graph_.parameters[i];
    auto& of_layer = gradients[parameter.layer];
    if (of_layer.empty()) of_layer = session_->weight_gradients(parameter.layer);
    optimizer_.apply(i, parameter.values, of_layer[parameter.index].values, rate);
  }
  for (size_t i = 0; i < graph_.statistics.size(); ++i) {
    const RunningStatistics& statistics = graph_.statistics[i];
    const Array of_batch = session_->value(statistics.layer);
    const std::span<const float> both = of_batch.values;
    averages_.apply(2 * i, statistics.mean, both.first(both.size() / 2), 1);
    averages_.apply(2 * i + 1, statistics.variance, both.last(both.size() / 2), 1);
  }
  session_->reload_weights();
  if (steps_done() % steps_of_epoch_ == 0) end_epoch();
  return loss;
}

void Trainer::end_epoch() {
  accuracies.push_back(accuracy());
  filters.emplace_back(graph_.parameters[0].values.begin(), graph_.parameters[0].values.end());
}

// By the network as it will be used, batch norms folded.
double Trainer::accuracy() const {
  const auto count = std::ssize(validation_.pictures);
  const int64_t batch = std::min<int64_t>(keys_.batch, count);
  Session session(graph_.inference,
                  {.device = resolve_device(keys_.device), .batch = batch, .observe = {graph_.inference.output}});
  const Shape& s = validation_.pictures[0].shape;
  Array input({batch, s.c(), s.h(), s.w()});
  int64_t right = 0;
  for (int64_t first = 0; first < count; first += batch) {
    const int64_t filled = std::min(batch, count - first);
    for (int64_t i = 0; i < filled; ++i)
      std::ranges::copy(validation_.pictures[static_cast<size_t>(first + i)].values,
                        input.values.begin() + i * s.elements());
    session.set_input(graph_.inference.image_input().name, input);
    session.forward();
    const Array scores = session.value(graph_.inference.output);
    const int64_t classes = scores.shape.c();
    for (int64_t i = 0; i < filled; ++i) {
      const auto row = scores.values.begin() + i * classes;
      right += std::max_element(row, row + classes) - row == validation_.labels[static_cast<size_t>(first + i)];
    }
  }
  return static_cast<double>(right) / static_cast<double>(count);
}

Json Trainer::state() const {
  Json state{{"losses", losses}, {"accuracies", accuracies}};
  for (const auto& filter : filters) state["filters"].push_back(to_binary(filter));
  for (const Parameter& parameter : graph_.parameters) state["parameters"].push_back(to_binary(parameter.values));
  state["statistics"] = Json::array();
  for (const RunningStatistics& statistics : graph_.statistics)
    for (const auto& values : {statistics.mean, statistics.variance}) state["statistics"].push_back(to_binary(values));
  state["optimizer"] = Json::array();
  for (const auto& of_tensor : optimizer_.states()) {
    Json list = Json::array();
    for (const auto& values : of_tensor) list.push_back(to_binary(values));
    state["optimizer"].push_back(list);
  }
  return state;
}

void Trainer::restore(const Json& state) {
  for (size_t i = 0; i < graph_.parameters.size(); ++i)
    copy_exactly(state.at("parameters").at(i), graph_.parameters[i].values);
  for (size_t i = 0; i < graph_.statistics.size(); ++i) {
    copy_exactly(state.at("statistics").at(2 * i), graph_.statistics[i].mean);
    copy_exactly(state.at("statistics").at(2 * i + 1), graph_.statistics[i].variance);
  }
  Optimizer::States states;
  for (const Json& of_tensor : state.at("optimizer")) {
    auto& own = states.emplace_back();
    for (const Json& values : of_tensor) own.push_back(from_binary(values));
  }
  optimizer_.restore(states, std::ssize(state.at("losses")));
  filters.clear();
  for (const Json& filter : state.at("filters")) filters.push_back(from_binary(filter));
  losses = state.at("losses").get<std::vector<double>>();
  accuracies = state.at("accuracies").get<std::vector<double>>();
  session_->reload_weights();
}

}  // namespace convlens::viz
