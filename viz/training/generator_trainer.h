#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "engine/session.h"
#include "viz/training/crops.h"
#include "viz/training/generator_graph.h"
#include "viz/training/trained_weights.h"
#include "viz/training/training.h"
#include "viz/training/training_keys.h"
#include "viz/training/training_record.h"

namespace convlens::viz {

struct GeneratorKeys final : TrainingKeys {
  std::filesystem::path data, validation, encoder;
  GeneratorLossKeys loss;
  int64_t steps = 10000, preview_steps = 1000;
  double momentum = 0.1;

  void describe(ParamVisitor& v) override;
};

/// Trains a network that makes an image of the code that another, the encoder, has of it.
class GeneratorTrainer final : public Training {
 public:
  /// `views`: not to be trained on, as the encoder sees them. At the start, after each `preview_steps` and at the end
  /// they are made again from their codes.
  GeneratorTrainer(const Model& generator, const Model& encoder, const GeneratorKeys& keys, Optimizer optimizer,
                   std::vector<Image> views, ProcessGroup& group);

  int64_t steps() const override { return keys_.steps; }
  int64_t steps_done() const override { return std::ssize(record.training.totals); }
  double step() override;

  const Model& model() const { return weights_.graph().inference; }  ///< as trained so far
  /// File -> why it was passed over, those of all processes' shares of the batches.
  const std::map<std::string, std::string>& broken() const { return broken_; }

  /// Its previews: above some of the views, below what the generator makes of their codes.
  TrainingRecord record;

  Json state() const override;
  void restore(const Json& state) override;

 private:
  void look();
  Array view_batch(int64_t first) const;

  GeneratorKeys keys_;
  ProcessGroup& group_;
  int64_t batch_;  // images a step in this process
  const Model& encoder_;
  TrainedWeights weights_;
  GeneratorGraph graph_;
  Objective objective_;
  Crops crops_;
  std::map<std::string, std::string> broken_;
  std::vector<Image> views_;
  std::unique_ptr<Session> session_;
};

}  // namespace convlens::viz
