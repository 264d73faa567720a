#include "viz/training/classifier_trainer.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "kernels/base/error.h"
#include "kernels/base/params.h"
#include "viz/exact_numbers.h"
#include "viz/run.h"
#include "viz/text.h"

namespace convlens::viz {
namespace {

enum Stream : int64_t { shuffling, augmentation };  // of random numbers

}  // namespace

void ClassifierKeys::describe(ParamVisitor& v) {
  TrainingKeys::describe(v);
  v.field({.name = "data", .doc = "a folder with a folder of pictures for each class", .required = true}, data);
  v.field({.name = "validation", .doc = "the same of pictures that are not trained on", .required = true}, validation);
  v.field({.name = "epochs",
           .doc = "times each picture is seen; those left over when an epoch's batches are full wait for the next",
           .min = 1},
          epochs);
  v.field({.name = "shift", .doc = "pixels by which a picture may be moved each way, its edge repeated", .min = 0},
          shift);
  v.field({.name = "momentum", .doc = "share of the newest batch in a batch norm's statistics", .min = 0, .max = 1},
          momentum);
}

ClassifierTrainer::ClassifierTrainer(const Model& model, const ClassifierKeys& keys, Optimizer optimizer,
                                     const Dataset& data, const Dataset& validation, ProcessGroup& group)
    : keys_(keys),
      group_(group),
      batch_(group.share_of(keys.batch)),
      weights_(model, std::move(optimizer), keys.momentum, group),
      data_(data),
      validation_(validation),
      steps_of_epoch_(std::ssize(data.pictures) / keys.batch) {
  if (steps_of_epoch_ < 1)
    throw InputError("a batch of " + std::to_string(keys.batch) +
                     " pictures needs at least as many to train on, found " + std::to_string(data.pictures.size()));
  keep_filters();
  const Model& graph = weights_.graph().training;
  PlanRequest request = weights_.request();
  request.device = resolve_device(keys.device);
  request.batch = batch_;
  request.losses = {graph.output};
  session_ = std::make_unique<Session>(graph, request);
}

void ClassifierTrainer::keep_filters() {
  const auto& first = weights_.graph().parameters[0].values;
  filters.emplace_back(first.begin(), first.end());
}

ClassifierTrainer::Move ClassifierTrainer::random_move(Random& random) const {
  const bool mirrored = keys_.flip && random.below(2) == 1;
  const int64_t down = random.below(2 * keys_.shift + 1) - keys_.shift,
                right = random.below(2 * keys_.shift + 1) - keys_.shift;
  return {mirrored, down, right};
}

void ClassifierTrainer::add_picture(const Array& picture, const Move& move, float* to) {
  const Shape& s = picture.shape;
  for (int64_t c = 0; c < s.c(); ++c)
    for (int64_t y = 0; y < s.h(); ++y)
      for (int64_t x = 0; x < s.w(); ++x) {
        const int64_t row = std::clamp<int64_t>(y - move.down, 0, s.h() - 1),
                      column = std::clamp<int64_t>(x - move.right, 0, s.w() - 1);
        *to++ =
            picture
                .values[static_cast<size_t>((c * s.h() + row) * s.w() + (move.mirrored ? s.w() - 1 - column : column))];
      }
}

// This process's part of the batch, of which all draw the same random numbers.
Array ClassifierTrainer::next_batch(std::vector<int64_t>& labels) const {
  const int64_t epoch = steps_done() / steps_of_epoch_, first = steps_done() % steps_of_epoch_ * keys_.batch;
  std::vector<size_t> order(data_.pictures.size());
  std::iota(order.begin(), order.end(), 0);
  Random(keys_.seed, shuffling, epoch).shuffle(order);
  Random random(keys_.seed, augmentation, steps_done());
  const Shape& s = data_.pictures[0].shape;
  Array batch({batch_, s.c(), s.h(), s.w()});
  float* to = batch.values.data();
  for (int64_t i = 0; i < keys_.batch; ++i) {
    const Move move = random_move(random);
    if (i / batch_ != group_.rank()) continue;
    const size_t picture = order[static_cast<size_t>(first + i)];
    labels.push_back(data_.labels[picture]);
    add_picture(data_.pictures[picture], move, to);
    to += s.elements();
  }
  return batch;
}

double ClassifierTrainer::step() {
  const double rate = scheduled_rate(keys_.schedule, steps_done(), steps());
  const Model& graph = weights_.graph().training;
  std::vector<int64_t> labels;
  session_->set_input(graph.image_input().name, next_batch(labels));
  session_->forward();
  const std::vector<Loss> objective{cross_entropy(graph.output, labels)};
  double loss = session_->backward(objective);
  if (!std::isfinite(loss))
    throw InputError("the loss of step " + std::to_string(steps_done() + 1) + " is " + std::to_string(loss) +
                     ": a smaller learning rate may help");
  group_.all_reduce_mean(std::span(&loss, 1));
  losses.push_back(loss);
  weights_.update(*session_, rate);
  if (steps_done() % steps_of_epoch_ == 0) end_epoch();
  return loss;
}

void ClassifierTrainer::end_epoch() {
  accuracies.push_back(accuracy());
  keep_filters();
  say("epoch " + std::to_string(accuracies.size()) + ": loss " + fixed(losses.back(), 4) + ", validation accuracy " +
      fixed(accuracies.back(), 4));
}

// By the network as it will be used, batch norms folded.
double ClassifierTrainer::accuracy() const {
  const auto count = std::ssize(validation_.pictures);
  const int64_t batch = std::min<int64_t>(keys_.batch, count);
  const Model& network = model();
  Session session(network, {.device = resolve_device(keys_.device), .batch = batch, .observe = {network.output}});
  const Shape& s = validation_.pictures[0].shape;
  Array input({batch, s.c(), s.h(), s.w()});
  int64_t right = 0;
  for (int64_t first = 0; first < count; first += batch) {
    const int64_t filled = std::min(batch, count - first);
    for (int64_t i = 0; i < filled; ++i)
      std::ranges::copy(validation_.pictures[static_cast<size_t>(first + i)].values,
                        input.values.begin() + i * s.elements());
    session.set_input(network.image_input().name, input);
    session.forward();
    const Array scores = session.value(network.output);
    const int64_t classes = scores.shape.c();
    for (int64_t i = 0; i < filled; ++i) {
      const auto row = scores.values.begin() + i * classes;
      right += std::max_element(row, row + classes) - row == validation_.labels[static_cast<size_t>(first + i)];
    }
  }
  return static_cast<double>(right) / static_cast<double>(count);
}

Json ClassifierTrainer::state() const {
  Json state{{"losses", losses}, {"accuracies", accuracies}, {"weights", weights_.state()}};
  for (const auto& filter : filters) state["filters"].push_back(to_binary(filter));
  return state;
}

void ClassifierTrainer::restore(const Json& state) {
  losses = state.at("losses").get<std::vector<double>>();
  accuracies = state.at("accuracies").get<std::vector<double>>();
  filters.clear();
  for (const Json& filter : state.at("filters")) filters.push_back(from_binary(filter));
  weights_.restore(state.at("weights"), steps_done());
  session_->reload_weights();
}

}  // namespace convlens::viz
