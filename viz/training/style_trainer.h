#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "engine/session.h"
#include "viz/training/crops.h"
#include "viz/training/style_graph.h"
#include "viz/training/trained_weights.h"
#include "viz/training/training.h"
#include "viz/training/training_keys.h"

namespace convlens::viz {

struct StyleKeys final : TrainingKeys {
  std::filesystem::path content, validation, loss_network;
  std::vector<std::filesystem::path> styles;
  StyleLossKeys loss{.content_layers = {"relu2_2"}, .style_layers = {"relu1_2", "relu2_2", "relu3_3", "relu4_3"}};
  int64_t steps = 40000, size = 256, style_size = 256, preview_steps = 1000;

  StyleKeys();
  void describe(ParamVisitor& v) override;
};

/// Each term of the objective times its weight, and their sum, by step.
struct StyleCurves {
  std::vector<double> totals;
  std::vector<std::vector<double>> terms;
};

/// Trains a network that paints in a style, or in each of several. Sample i of the training is painted in style
/// i mod N.
class StyleTrainer final : public Training {
 public:
  /// `photos`: not to be trained on, as the network sees them. At the start, after each `preview_steps` and at the end
  /// they are painted in each style, in each process alike.
  StyleTrainer(const Model& transform, const Model& loss_network, const std::vector<std::vector<Array>>& grams,
               const StyleKeys& keys, Optimizer optimizer, std::vector<Image> photos, ProcessGroup& group);

  int64_t steps() const override { return keys_.steps; }
  int64_t steps_done() const override { return std::ssize(training.totals); }
  double step() override;

  const Model& model() const { return weights_.graph().inference; }  ///< as trained so far
  const std::vector<Term>& terms() const { return objective_.terms(); }
  /// File -> why it was passed over, those of all processes' shares of the batches.
  const std::map<std::string, std::string>& broken_photos() const { return broken_photos_; }

  /// How far the training is, on photos that it does not see.
  struct Preview {
    int64_t step;
    std::vector<std::byte> png;  ///< a row for each of the first photos: the photo, then a painting in each style
  };

  StyleCurves training;    ///< by step
  StyleCurves validation;  ///< by preview, over all photos and styles
  std::vector<Preview> previews;

  Json state() const override;
  void restore(const Json& state) override;

 private:
  void look();
  void gather_broken_photos();
  void add_means(int64_t count, double share, std::vector<double>& means) const;
  Array photo_batch(int64_t first) const;
  Array shares(int64_t first) const;
  void check_finite(double total) const;

  StyleKeys keys_;
  ProcessGroup& group_;
  int64_t batch_;  // pictures a step in this process
  TrainedWeights weights_;
  StyleGraph graph_;
  Objective objective_;
  Crops crops_;
  std::map<std::string, std::string> broken_photos_;
  std::vector<Image> photos_;
  std::unique_ptr<Session> session_;
};

}  // namespace convlens::viz
