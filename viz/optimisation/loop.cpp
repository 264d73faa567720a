#include "viz/optimisation/loop.h"

#include <algorithm>
#include <cmath>

#include "kernels/base/error.h"
#include "kernels/base/params.h"
#include "viz/exact_numbers.h"
#include "viz/file_name.h"
#include "viz/interrupt.h"
#include "viz/progress.h"
#include "viz/text.h"

namespace convlens::viz {
namespace {

std::string number(double value) { return significant(value, 5); }

Json shape_of(const Array& x) { return {x.shape[0], x.shape[1], x.shape[2], x.shape[3]}; }

Shape to_shape(const Json& json) { return {json.at(0), json.at(1), json.at(2), json.at(3)}; }

}  // namespace

void LoopKeys::describe(ParamVisitor& v) {
  v.field({.name = "steps", .doc = "of the optimisation; 0 evaluates the start image only", .min = 0}, steps);
  v.field({.name = "snapshot_steps", .doc = "a snapshot every so many steps; 0: none", .min = 0}, snapshot_steps);
  v.field({.name = "checkpoint_steps",
           .doc = "the state is kept for --resume every so many steps, and on Ctrl-C",
           .min = 1},
          checkpoint_steps);
}

Loop::Loop(Run& run, std::string name, const LoopKeys& keys, Checkpoint& checkpoint, Evaluator& evaluator,
           LoopHooks hooks)
    : run_(run),
      name_(std::move(name)),
      keys_(keys),
      checkpoint_(checkpoint),
      evaluator_(evaluator),
      hooks_(std::move(hooks)) {}

LoopResult Loop::minimise(Minimiser& minimiser, Array x) {
  LoopResult result{.x = std::move(x), .names = evaluator_.names()};
  result.terms.resize(result.names.size());
  if (restore(minimiser, result)) return result;
  const EndOnRequest interrupt;
  Progress progress(name_, "step", keys_.steps - std::ssize(result.totals), run_.display());
  while (result.reason.empty()) {
    const int64_t step = std::ssize(result.totals);
    Array gradient;
    const double total = evaluator_.evaluate(step, result.x, gradient);
    check_finite(step, total, gradient);
    record(total, result);
    if (keys_.snapshot_steps > 0 && step % keys_.snapshot_steps == 0) take_snapshot(result);
    if (hooks_.reached(result.x)) {
      result.reason = "the goal is reached";
    } else if (step == keys_.steps) {
      result.reason = "all steps are done";
    } else {
      hooks_.change_gradient(gradient);
      result.reason = minimiser.step(total, gradient, result.x).value_or("");
      hooks_.after(step, result.x);
      progress.advance(1, "loss " + number(total));
    }
    if (!result.reason.empty()) minimiser.finish(result.x);
    if (!result.reason.empty() || (step + 1) % keys_.checkpoint_steps == 0 || interrupt.signal())
      keep(minimiser, result);
    if (interrupt.signal())
      throw Interrupted(interrupt.signal(), "interrupted after step " + std::to_string(step) + " of " + name_ +
                                                "; --resume goes on from there");
  }
  return result;
}

void Loop::record(double total, LoopResult& result) const {
  result.totals.push_back(total);
  for (size_t i = 0; i < result.terms.size(); ++i) result.terms[i].push_back(evaluator_.values()[i]);
}

void Loop::take_snapshot(LoopResult& result) const {
  if (hooks_.picture) result.snapshots.push_back({std::ssize(result.totals) - 1, hooks_.picture(result.x)});
}

void Loop::check_finite(int64_t step, double total, const Array& gradient) const {
  if (std::isfinite(total) && std::ranges::all_of(gradient.values, [](float v) { return std::isfinite(v); })) return;
  const std::string where = evaluator_.first_not_finite();
  throw InputError(name_ + ": at step " + std::to_string(step) + " " +
                   (where.empty() ? "the weighted sum of the terms" : where) +
                   " is not finite: smaller steps or weights may help");
}

void Loop::keep(const Minimiser& minimiser, const LoopResult& result) {
  Json snapshots = Json::array();
  for (const Snapshot& snapshot : result.snapshots)
    snapshots.push_back({{"step", snapshot.step}, {"png", to_binary(encode_png(snapshot.image))}});
  checkpoint_.keep(name_, {{"x", to_binary(result.x.values)},
                           {"shape", shape_of(result.x)},
                           {"totals", result.totals},
                           {"terms", result.terms},
                           {"snapshots", snapshots},
                           {"reason", result.reason},
                           {"minimiser", result.reason.empty() ? minimiser.state() : Json()}});
}

// Whether the loop was finished.
bool Loop::restore(Minimiser& minimiser, LoopResult& result) const {
  const Json* state = checkpoint_.find(name_);
  if (!state) return false;
  try {
    result.x = Array(to_shape(state->at("shape")));
    copy_exactly(state->at("x"), result.x.values);
    result.totals = state->at("totals").get<std::vector<double>>();
    result.terms = state->at("terms").get<std::vector<std::vector<double>>>();
    result.reason = state->at("reason");
    for (const Json& snapshot : state->at("snapshots"))
      result.snapshots.push_back({snapshot.at("step"), decode_image(bytes_of(snapshot.at("png")), "a kept snapshot")});
    if (result.reason.empty()) minimiser.restore(state->at("minimiser"));
  } catch (const Json::exception&) {
    throw InputError("what an interrupted program kept of " + name_ +
                     " is damaged; without --resume the run begins anew");
  }
  return !result.reason.empty();
}

void show_result(Run& run, const std::string& name, const LoopResult& result) {
  LineChart chart{.title = "Loss of " + name, .y_label = "loss", .series = {{"total", result.totals}}};
  Json terms = Json::object();
  for (size_t i = 0; i < result.terms.size(); ++i) {
    const std::string& term = result.names[i];
    const auto& values = result.terms[i];
    chart.series.push_back({term, values});
    terms[term] = {{"first", values.front()}, {"last", values.back()}};
    run.figure(name + ", " + term, number(values.front()) + " to " + number(values.back()));
  }
  const bool positive =
      std::ranges::all_of(chart.series, [](const Series& s) { return std::ranges::min(s.values) > 0; });
  if (positive) chart.y_axis = Axis::logarithmic;
  run.section().charts.push_back(std::move(chart));
  run.figure(name + ", total", number(result.totals.front()) + " to " + number(result.totals.back()));
  run.figure(name + ", ended", result.reason + " (" + std::to_string(result.totals.size() - 1) + " steps)");
  run.results[name] = {{"steps", result.totals.size() - 1},
                       {"first", result.totals.front()},
                       {"last", result.totals.back()},
                       {"terms", terms},
                       {"ended", result.reason}};
  run.say(name + ": " + number(result.totals.front()) + " to " + number(result.totals.back()) + ", " + result.reason);
  for (const auto& [term, values] : terms.items())
    run.say("  " + term + ": " + number(values["first"]) + " to " + number(values["last"]));
  for (const Snapshot& snapshot : result.snapshots)
    run.show(file_name(name) + "-" + std::to_string(snapshot.step), snapshot.image,
             name + " after " + std::to_string(snapshot.step) + " steps");
}

}  // namespace convlens::viz
