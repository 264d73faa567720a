#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "engine/session.h"
#include "viz/training/crops.h"
#include "viz/training/style_graph.h"
#include "viz/training/style_source.h"
#include "viz/training/trained_weights.h"
#include "viz/training/training.h"
#include "viz/training/training_keys.h"
#include "viz/training/training_record.h"

namespace convlens::viz {

/// The keys that all trainings of networks that paint have.
struct PainterKeys : TrainingKeys {
  std::filesystem::path content, validation;
  int64_t steps = 40000, size = 256, preview_steps = 1000;

  PainterKeys();
  void describe(ParamVisitor& v) override;
};

struct StyleKeys final : PainterKeys {
  std::filesystem::path loss_network;
  std::vector<std::filesystem::path> styles;
  StyleLossKeys loss{.content_layers = {"relu2_2"}, .style_layers = {"relu1_2", "relu2_2", "relu3_3", "relu4_3"}};
  int64_t style_size = 256;

  void describe(ParamVisitor& v) override;
};

/// Trains a network that paints photos in styles.
class StyleTrainer final : public Training {
 public:
  /// The graph of the network in its form for training, on so many photos at once.
  using MakeGraph = std::function<StyleGraph(const Model& network, int64_t batch)>;

  /// `photos`: not to be trained on, as the network sees them. At the start, after each `preview_steps` and at the end
  /// they are painted in each style of previews, in each process alike.
  StyleTrainer(const Model& network, const MakeGraph& make_graph, const PainterKeys& keys, Optimizer optimizer,
               std::unique_ptr<StyleSource> styles, std::vector<Image> photos, ProcessGroup& group);

  int64_t steps() const override { return keys_.steps; }
  int64_t steps_done() const override { return std::ssize(record.training.totals); }
  double step() override;

  const Model& model() const { return weights_.graph().inference; }  ///< as trained so far
  const std::vector<Term>& terms() const { return objective_.terms(); }
  /// File -> why it was passed over, those of all processes' shares of the batches.
  const std::map<std::string, std::string>& broken() const { return broken_; }

  /// Its previews are of photos that it does not see, a row for each of the first: the photo, then a painting in each
  /// style; above, the styles, if they are pictures. Validation is over all photos and styles.
  TrainingRecord record;

  Json state() const override;
  void restore(const Json& state) override;

 private:
  void look();
  std::map<std::string, std::string> own_broken() const;
  Array photo_batch(int64_t first) const;
  const InputSpec& photo_input() const { return graph_.model.image_input(); }

  PainterKeys keys_;
  ProcessGroup& group_;
  int64_t batch_;  // pictures a step in this process
  TrainedWeights weights_;
  StyleGraph graph_;
  Objective objective_;
  Crops crops_;
  std::map<std::string, std::string> broken_;
  std::unique_ptr<StyleSource> styles_;
  std::vector<Image> photos_;
  std::unique_ptr<Session> session_;
};

}  // namespace convlens::viz
