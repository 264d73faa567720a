#include "benchmarks/network_bench/step_times.h"

#include <algorithm>

namespace convlens::bench {
namespace {

StepTime describe(const Step& step) {
  StepTime t{.layer = step.layer, .pass = to_string(step.pass)};
  if (step.kind == Step::Kind::kernel) {
    t.what = step.source->op->name() + " " + step.variant->name;
    t.result = step.problem.inputs[0].shape.to_string() + " " + to_string(step.problem.inputs[0].layout) + " -> " +
               step.problem.output.shape.to_string() + " " + to_string(step.problem.output.layout);
    t.flops = step.source->op->flops(step.problem);
    return t;
  }
  t.what = step.kind == Step::Kind::reorder      ? "reorder"
           : step.kind == Step::Kind::accumulate ? "accumulate"
                                                 : "loss gradient";
  if (step.from) t.result = step.from.desc.shape.to_string() + " " + to_string(step.from.desc.layout);
  t.result += " -> " + to_string(step.to.desc.layout);
  return t;
}

}  // namespace

std::vector<StepTime> step_times(EngineNetwork& network, int repetitions) {
  const auto& steps = network.session().plan().steps;
  std::vector<std::vector<double>> seconds(steps.size());
  network.session().observe_steps(
      [&](const Step& step, double s) { seconds[static_cast<size_t>(&step - steps.data())].push_back(s); });
  for (int i = 0; i < repetitions; ++i) network.run();
  network.session().observe_steps(nullptr);
  std::vector<StepTime> times;
  for (size_t i = 0; i < steps.size(); ++i) {
    if (seconds[i].empty()) continue;
    times.push_back(describe(steps[i]));
    times.back().timing = summarize(std::move(seconds[i]));
  }
  std::ranges::stable_sort(times, std::greater{}, [](const StepTime& t) { return t.timing.best; });
  return times;
}

}  // namespace convlens::bench
