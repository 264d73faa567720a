#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "engine/session.h"
#include "kernels/base/json.h"
#include "viz/training/dataset.h"
#include "viz/training/optimizer.h"
#include "viz/training/random.h"
#include "viz/training/training_graph.h"

namespace convlens::viz {

/// How the learning rate falls: not at all, or along half a cosine to 0 (Loshchilov and Hutter, "SGDR", 2017).
enum class Schedule { constant, cosine };

/// The keys of a training but `optimizer`, an object of its own.
struct TrainKeys final : Params {
  std::filesystem::path model, data, validation, out;
  std::string device = "auto";
  Schedule schedule = Schedule::cosine;
  int64_t epochs = 10, batch = 32, seed = 0, threads = 0, shift = 0, checkpoint_steps = 100;
  bool flip = false;
  double momentum = 0.1;

  void describe(ParamVisitor& v) override;
};

/// Trains a classifier by cross-entropy. What it does at a step follows from the keys and the step's number, so that a
/// training that is restored goes on to the same bits.
class Trainer {
 public:
  Trainer(const Model& model, const TrainKeys& keys, Optimizer optimizer, const Dataset& data,
          const Dataset& validation);

  int64_t steps() const { return keys_.epochs * steps_of_epoch_; }
  int64_t steps_done() const { return static_cast<int64_t>(losses.size()); }

  /// Returns the loss. Throws InputError, naming the step, if it is no number. Measures the accuracy where an epoch
  /// ends.
  double step();

  const Model& model() const { return graph_.inference; }  ///< as trained so far

  std::vector<double> losses;               ///< by step
  std::vector<double> accuracies;           ///< on the validation pictures, by epoch
  std::vector<std::vector<float>> filters;  ///< weights of the first layer, before training and after each epoch

  Json state() const;  ///< all that restore() needs, numbers exact
  void restore(const Json& state);

 private:
  Array next_batch(std::vector<int64_t>& labels) const;
  void add_picture(const Array& picture, Random& random, float* to) const;
  double learning_rate() const;
  double accuracy() const;
  void end_epoch();

  TrainKeys keys_;
  TrainingGraph graph_;
  Optimizer optimizer_, averages_;
  const Dataset &data_, &validation_;
  int64_t steps_of_epoch_;
  std::unique_ptr<Session> session_;
};

}  // namespace convlens::viz
