#pragma once

#include "engine/session.h"
#include "viz/training/optimizer.h"
#include "viz/training/process_group.h"
#include "viz/training/training_graph.h"

namespace convlens::viz {

/// A training graph's parameters and running statistics, and the rules by which they change.
class TrainedWeights {
 public:
  /// `momentum`: share of the newest batch in running statistics. Throws InputError for a model without weights, and
  /// for one with batch norms where several processes have parts of the batch.
  TrainedWeights(const Model& model, Optimizer optimizer, double momentum, ProcessGroup& group);

  const TrainingGraph& graph() const { return graph_; }

  /// A request whose session update() can use, to which a training adds what it wants.
  PlanRequest request() const;

  /// The next step, from the gradients that the session has, averaged over all processes. The session's next pass sees
  /// the new weights.
  void update(Session& session, double rate);

  Json state() const;
  /// After as many steps as `step` says.
  void restore(const Json& state, int64_t step);

 private:
  std::vector<float> mean_gradients(Session& session) const;

  TrainingGraph graph_;
  Optimizer optimizer_, averages_;
  ProcessGroup& group_;
};

}  // namespace convlens::viz
