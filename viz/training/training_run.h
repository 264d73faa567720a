#pragma once

#include <CLI/CLI.hpp>

#include "engine/model.h"
#include "viz/io/report.h"
#include "viz/output_folder.h"
#include "viz/training/optimizer.h"
#include "viz/training/process_group.h"
#include "viz/training/training.h"
#include "viz/training/training_keys.h"

namespace convlens::viz {

/// What is said on the command line of a training.
struct TrainingOptions {
  std::string config, out;
  bool resume = false, quiet = false;

  void add_to(CLI::App& command);
};

/// What the commands that train have in common: their configuration, loop, checkpoints and record. Of several processes
/// the first trains and finishes, and the others follow.
class TrainingRun {
 public:
  /// Fills `keys`, which must outlive this. Throws InputError naming file and key.
  TrainingRun(const TrainingOptions& options, TrainingKeys& keys, ProcessGroup& group);

  Optimizer optimizer() const { return {optimizer_, options_.config}; }
  std::shared_ptr<const Model> model() const;
  /// For the results. What an earlier training kept is gone then, unless it is to be resumed.
  OutputFolder open_folder() const;

  /// Trains to the end, with --resume from the last checkpoint on. `inputs` (hashes) and the configuration decide the
  /// numbers, except for the keys `places`, which only say where things are found.
  void train(Training& training, OutputFolder& folder, const Json& inputs, const std::vector<std::string>& places);

  /// train() in a process that is not the first.
  void follow(Training& training);

  /// Writes the trained network, the page and run.json, which has `record` besides.
  void finish(const Model& model, OutputFolder& folder, const Section& results, const Json& inputs, const Json& record);

 private:
  Json resolved() const;
  void restore(Training& training, const Json& state) const;
  void advance(Training& training, const std::function<void()>& keep) const;

  TrainingOptions options_;
  TrainingKeys& keys_;
  Json optimizer_;
  ProcessGroup& group_;
};

}  // namespace convlens::viz
