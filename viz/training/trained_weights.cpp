#include "viz/training/trained_weights.h"

#include <map>

#include "kernels/base/error.h"
#include "viz/exact_numbers.h"

namespace convlens::viz {

TrainedWeights::TrainedWeights(const Model& model, Optimizer optimizer, double momentum, ProcessGroup& group)
    : graph_(make_training_graph(model)),
      optimizer_(std::move(optimizer)),
      averages_({{"name", "running_average"}, {"momentum", momentum}}, "the statistics"),
      group_(group) {
  if (graph_.parameters.empty()) throw InputError("the model '" + model.name + "' has no weights to train");
  if (group.size() > 1 && !graph_.statistics.empty())
    throw InputError("the model '" + model.name +
                     "' has batch norms, whose statistics are those of a whole batch: train it in one process, found " +
                     std::to_string(group.size()));
}

PlanRequest TrainedWeights::request() const {
  PlanRequest request{.weight_gradients = true};
  for (const RunningStatistics& statistics : graph_.statistics) request.observe.push_back(statistics.layer);
  return request;
}

// Of all parameters, one behind the other, so that processes meet once.
std::vector<float> TrainedWeights::mean_gradients(Session& session) const {
  std::map<std::string, std::vector<Array>> gradients;
  std::vector<float> all;
  for (const Parameter& parameter : graph_.parameters) {
    auto& of_layer = gradients[parameter.layer];
    if (of_layer.empty()) of_layer = session.weight_gradients(parameter.layer);
    const auto& values = of_layer[parameter.index].values;
    all.insert(all.end(), values.begin(), values.end());
  }
  group_.all_reduce_mean(all);
  return all;
}

void TrainedWeights::update(Session& session, double rate) {
  const std::vector<float> gradients = mean_gradients(session);
  std::span<const float> left = gradients;
  for (size_t i = 0; i < graph_.parameters.size(); ++i) {
    const std::span<float> values = graph_.parameters[i].values;
    optimizer_.apply(i, values, left.first(values.size()), rate);
    left = left.subspan(values.size());
  }
  for (size_t i = 0; i < graph_.statistics.size(); ++i) {
    const RunningStatistics& statistics = graph_.statistics[i];
    const Array of_batch = session.value(statistics.layer);
    const std::span<const float> both = of_batch.values;
    averages_.apply(2 * i, statistics.mean, both.first(both.size() / 2), 1);
    averages_.apply(2 * i + 1, statistics.variance, both.last(both.size() / 2), 1);
  }
  session.reload_weights();
}

Json TrainedWeights::state() const {
  Json state{{"parameters", Json::array()}, {"statistics", Json::array()}, {"optimizer", Json::array()}};
  for (const Parameter& parameter : graph_.parameters) state["parameters"].push_back(to_binary(parameter.values));
  for (const RunningStatistics& statistics : graph_.statistics)
    for (const auto& values : {statistics.mean, statistics.variance}) state["statistics"].push_back(to_binary(values));
  for (const auto& of_tensor : optimizer_.states()) {
    Json list = Json::array();
    for (const auto& values : of_tensor) list.push_back(to_binary(values));
    state["optimizer"].push_back(list);
  }
  return state;
}

void TrainedWeights::restore(const Json& state, int64_t step) {
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
  optimizer_.restore(states, step);
}

}  // namespace convlens::viz
