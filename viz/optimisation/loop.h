#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "viz/io/image.h"
#include "viz/optimisation/checkpoint.h"
#include "viz/optimisation/evaluator.h"
#include "viz/optimisation/minimiser.h"

namespace convlens::viz {

/// Keys that every algorithm has that makes images by optimisation.
struct LoopKeys final : Params {
  int64_t steps = 100, snapshot_steps = 0, checkpoint_steps = 50;

  void describe(ParamVisitor& v) override;
};

/// What an algorithm does around the minimiser's steps.
struct LoopHooks {
  /// Between the objective's gradient and the minimiser.
  std::function<void(Array& gradient)> change_gradient = [](Array&) {};
  /// After the minimiser's step: changes what is optimised.
  std::function<void(int64_t step, Array& x)> after = [](int64_t, Array&) {};
  /// Whether the goal is reached, looked at right after each evaluation, at the same x.
  std::function<bool(const Array& x)> reached = [](const Array&) { return false; };
  /// What a snapshot shows; left out: no snapshots.
  std::function<Image(const Array& x)> picture{};
};

struct Snapshot {
  int64_t step;
  Image image;
};

/// How an optimisation went: of each evaluation, the first at the start, the objective and each term times its weight.
struct LoopResult {
  Array x;
  std::vector<double> totals;
  std::vector<std::string> names;          ///< of the terms
  std::vector<std::vector<double>> terms;  ///< by term
  std::vector<Snapshot> snapshots;
  std::string reason;  ///< why it ended: all steps done, a goal reached, or what the minimiser said
};

/// Minimises an objective. It is evaluated keys.steps + 1 times, the last time where the last step led, unless the
/// minimiser or `reached` ends it before.
class Loop {
 public:
  /// `name`: on the terminal and in the checkpoint. All must outlive the loop.
  Loop(Run& run, std::string name, const LoopKeys& keys, Checkpoint& checkpoint, Evaluator& evaluator,
       LoopHooks hooks = {});

  /// Goes on where the checkpoint has it. Throws Interrupted after Ctrl-C, with the state kept, and InputError where a
  /// number is not finite, naming step and layer.
  LoopResult minimise(Minimiser& minimiser, Array x);

 private:
  bool restore(Minimiser& minimiser, LoopResult& result) const;
  void keep(const Minimiser& minimiser, const LoopResult& result);
  void record(double total, LoopResult& result) const;
  void take_snapshot(LoopResult& result) const;
  void check_finite(int64_t step, double total, const Array& gradient) const;

  Run& run_;
  std::string name_;
  const LoopKeys& keys_;
  Checkpoint& checkpoint_;
  Evaluator& evaluator_;
  LoopHooks hooks_;
};

/// The curves, figures and snapshots of an optimisation, on the page and in run.json under `name`.
void show_result(Run& run, const std::string& name, const LoopResult& result);

}  // namespace convlens::viz
