#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "engine/session.h"
#include "viz/training/dataset.h"
#include "viz/training/random.h"
#include "viz/training/trained_weights.h"
#include "viz/training/training.h"
#include "viz/training/training_keys.h"

namespace convlens::viz {

struct ClassifierKeys final : TrainingKeys {
  std::filesystem::path data, validation;
  int64_t epochs = 10, shift = 0;
  double momentum = 0.1;

  void describe(ParamVisitor& v) override;
};

/// Trains a classifier by cross-entropy.
class ClassifierTrainer final : public Training {
 public:
  ClassifierTrainer(const Model& model, const ClassifierKeys& keys, Optimizer optimizer, const Dataset& data,
                    const Dataset& validation, ProcessGroup& group);

  int64_t steps() const override { return keys_.epochs * steps_of_epoch_; }
  int64_t steps_done() const override { return static_cast<int64_t>(losses.size()); }

  /// Measures the accuracy where an epoch ends.
  double step() override;

  const Model& model() const { return weights_.graph().inference; }  ///< as trained so far

  std::vector<double> losses;               ///< by step
  std::vector<double> accuracies;           ///< on the validation pictures, by epoch
  std::vector<std::vector<float>> filters;  ///< weights of the first layer, before training and after each epoch

  Json state() const override;
  void restore(const Json& state) override;

 private:
  Array next_batch(std::vector<int64_t>& labels) const;
  struct Move {
    bool mirrored;
    int64_t down, right;
  };
  Move random_move(Random& random) const;
  static void add_picture(const Array& picture, const Move& move, float* to);
  double accuracy() const;
  void end_epoch();
  void keep_filters();

  ClassifierKeys keys_;
  ProcessGroup& group_;
  int64_t batch_;  // pictures a step in this process
  TrainedWeights weights_;
  const Dataset &data_, &validation_;
  int64_t steps_of_epoch_;
  std::unique_ptr<Session> session_;
};

}  // namespace convlens::viz
