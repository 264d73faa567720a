#pragma once

#include <functional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "engine/model.h"

namespace convlens::viz {

/// A tensor that training changes, and where its gradient is found.
struct Parameter {
  std::string layer;
  size_t index;  ///< among the layer's weights
  std::string name;
  std::span<float> values;
};

/// Mean and variance of a batch norm for inference, and the layer of the graph that has the batch's.
struct RunningStatistics {
  std::string layer;
  std::span<float> mean, variance;
};

/// A model whose weights can be changed, in its two forms on the same memory.
struct TrainingGraph {
  Model inference;  ///< as it will be used
  Model training;   ///< batch norms normalize by the batch, whose statistics stand beside them
  std::vector<Parameter> parameters;
  std::vector<RunningStatistics> statistics;
};

/// Weights are copied: the given model stays as it is.
TrainingGraph make_training_graph(const Model& model);

/// The layers of a graph that are none of the trained network's: PlanRequest::frozen.
std::set<std::string> layers_beside(const Model& trained, const Model& graph);

/// Values to begin with: normal of variance 2 / fan in (He et al., "Delving Deep into Rectifiers", 2015) for filters, 1
/// for the scales and variances of norms, 0 for what is added.
std::function<std::vector<float>(const Operator&, const WeightSpec&)> initial_weights(int64_t seed);

}  // namespace convlens::viz
