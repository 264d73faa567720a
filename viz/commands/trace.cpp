// viz_run trace CONFIG: runs a configuration and tells of every step its shape, variant, time, bytes and norm.

#include <cmath>
#include <fstream>
#include <iostream>

#include "kernels/base/error.h"
#include "kernels/base/json.h"
#include "viz/command.h"
#include "viz/io/atomic_file.h"
#include "viz/plan_text.h"
#include "viz/runner.h"
#include "viz/text.h"

namespace convlens::viz {
namespace {

struct TraceOptions {
  std::string config, trace;
  std::vector<std::string> overrides;
};

struct Event {
  std::string layer, pass, what;
  TensorDesc result;
  double seconds, norm;
};

double norm(const Array& array) {
  double sum = 0;
  for (const float value : array.values) sum += static_cast<double>(value) * value;
  return std::sqrt(sum);
}

// The norm of what the step wrote: an activation going forwards, a gradient going back.
double result_norm(const Session& session, const Step& step) {
  if (step.kind != Step::Kind::kernel) return norm(session.read(step.to));
  if (step.pass == Pass::forward) return norm(session.read(step.output));
  double sum = 0;
  for (const Slot& slot : step.pass == Pass::backward_data ? step.grad_inputs : step.grad_weights)
    if (slot) sum += std::pow(norm(session.read(slot)), 2);
  return std::sqrt(sum);
}

void print(const std::vector<Event>& events) {
  std::cout << padded("layer", 30) << padded("pass", 15) << padded("what runs", 32) << padded("result", 26)
            << padded("ms", -9) << padded("MB", -9) << padded("norm", -11) << '\n';
  for (const Event& e : events)
    std::cout << padded(e.layer, 30) << padded(e.pass, 15) << padded(e.what, 32)
              << padded(e.result.shape.to_string() + " " + to_string(e.result.layout), 26)
              << padded(fixed(1e3 * e.seconds, 3), -9)
              << padded(fixed(static_cast<double>(e.result.bytes()) / 1e6, 2), -9) << padded(scientific(e.norm), -11)
              << '\n';
}

// The Trace Event Format, read by Perfetto and chrome://tracing; the steps one after another, without the time of
// tracing.
void write_timeline(const std::vector<Event>& events, const std::string& file) {
  Json list = Json::array();
  double start = 0;
  for (const Event& e : events) {
    list.push_back({{"name", e.layer},
                    {"cat", e.pass},
                    {"ph", "X"},
                    {"pid", 1},
                    {"tid", 1},
                    {"ts", start * 1e6},
                    {"dur", e.seconds * 1e6},
                    {"args", {{"runs", e.what}, {"shape", e.result.shape.to_string()}, {"norm", e.norm}}}});
    start += e.seconds;
  }
  write_file(file, Json{{"traceEvents", list}, {"displayTimeUnit", "ms"}}.dump());
}

void trace(const TraceOptions& options) {
  std::vector<Event> events;
  RunOptions run_options{.quiet = true};
  run_options.on_session = [&](const RunConfig&, Session& session) {
    session.observe_steps([&](const Step& step, double seconds) {
      events.push_back(
          {step.layer, to_string(step.pass), what_runs(step), result_of(step), seconds, result_norm(session, step)});
    });
  };
  run_config(read_config(options.config, options.overrides), run_options);
  print(events);
  if (!options.trace.empty()) write_timeline(events, options.trace);
}

const RegisterCommand trace_registered([](CLI::App& parser) {
  auto options = std::make_shared<TraceOptions>();
  CLI::App* command = parser.add_subcommand("trace", "run a configuration and show each step's time, bytes and norm");
  command->add_option("config", options->config, "configuration file")->required();
  command->add_option("--set", options->overrides, "key.path=value");
  command->add_option("--trace", options->trace, "also write a timeline for Perfetto or chrome://tracing to this file");
  command->callback([options] { trace(*options); });
});

}  // namespace
}  // namespace convlens::viz
