// network_bench: whole networks, forwards or forwards and back to the image.

#include <omp.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <iostream>

#include "benchmarks/base/environment.h"
#include "benchmarks/base/serve.h"
#include "benchmarks/network_bench/engine_network.h"
#include "benchmarks/network_bench/step_times.h"
#include "engine/measured_costs.h"
#include "kernels/base/error.h"
#include "kernels/base/guarded_main.h"
#include "kernels/base/json.h"
#include "weights/model_file.h"

namespace convlens::bench {
namespace {

struct Options {
  std::vector<std::string> models;
  NetworkOptions network;
  std::vector<int64_t> size;
  std::string json, device = "cpu";
  int threads = 0, repetitions = 20, steps = 0;
  bool serve = false, tune = false, guided = false;
};

Json step_record(const StepTime& t) {
  return {{"layer", t.layer},
          {"pass", t.pass},
          {"what", t.what},
          {"result", t.result},
          {"best_ms", t.timing.best * 1e3},
          {"median_ms", t.timing.median * 1e3},
          {"flops", t.flops}};
}

Json print_steps(EngineNetwork& network, int repetitions, int shown) {
  const auto times = step_times(network, repetitions);
  double sum = 0;
  for (const StepTime& t : times) sum += t.timing.best;
  std::printf("  %-28s %-14s %-30s %9s %7s %9s  %s\n", "layer", "pass", "what runs", "ms", "share", "GFLOP/s",
              "shapes");
  Json list = Json::array();
  for (const StepTime& t : times) {
    list.push_back(step_record(t));
    if (static_cast<int>(list.size()) > shown) continue;
    std::printf("  %-28s %-14s %-30s %9.3f %6.1f%% %9.1f  %s\n", t.layer.c_str(), t.pass.c_str(), t.what.c_str(),
                t.timing.best * 1e3, 100 * t.timing.best / sum, t.flops / t.timing.best / 1e9, t.result.c_str());
  }
  std::printf("  all %zu steps: %.3f ms\n", times.size(), sum * 1e3);
  return list;
}

Json measure(const Options& options, const std::string& folder) {
  std::unique_ptr<EngineNetwork> network;
  const double prepare =
      seconds_of([&] { network = std::make_unique<EngineNetwork>(read_model(folder), options.network); });
  const double first = seconds_of([&] { network->run(); });
  std::vector<double> seconds;
  for (int i = 0; i < options.repetitions; ++i) seconds.push_back(seconds_of([&] { network->run(); }));
  const Timing timing = summarize(std::move(seconds));
  const Plan& plan = network->session().plan();
  Json record{{"model", network->model().name},
              {"what", options.network.gradient ? "forward and input gradient" : "forward"},
              {"input", network->image().shape.to_string()},
              {"best_ms", timing.best * 1e3},
              {"median_ms", timing.median * 1e3},
              {"first_ms", first * 1e3},
              {"prepare_ms", prepare * 1e3},
              {"peak_bytes", plan.arena_bytes + plan.packed_bytes}};
  std::printf("%-24s %-27s %-14s best %9.3f ms, median %9.3f ms; prepared in %.1f ms, first run %.1f ms, %.1f MB\n",
              network->model().name.c_str(), record["what"].get<std::string>().c_str(),
              record["input"].get<std::string>().c_str(), timing.best * 1e3, timing.median * 1e3, prepare * 1e3,
              first * 1e3, static_cast<double>(plan.arena_bytes + plan.packed_bytes) / 1e6);
  if (options.steps > 0) record["steps"] = print_steps(*network, options.repetitions, options.steps);
  return record;
}

int run(Options options) {
  if (options.threads > 0) omp_set_num_threads(options.threads);
  options.network.device = device_by_name(options.device);
  if (options.guided) options.network.mode = BackwardMode::guided;
  if (!options.size.empty()) {
    options.network.height = options.size.front();
    options.network.width = options.size.back();
  }
  if (options.tune) plan_defaults().costs = std::make_shared<MeasuringCosts>();
  if (options.serve) {
    if (options.models.size() != 1) throw InputError("--serve serves one model");
    EngineNetwork network(read_model(options.models[0]), options.network);
    serve([&] { network.run(); }, [&](const std::string& prefix) { network.save(prefix); });
    return 0;
  }
  Json record{{"environment", environment()}};
  std::cout << to_line(record["environment"]) << "; " << options.repetitions
            << " runs after one, each from the input on the host to the results there\n";
  for (const std::string& folder : options.models) record["networks"].push_back(measure(options, folder));
  if (!options.json.empty()) std::ofstream(options.json) << record.dump(1) << '\n';
  return 0;
}

int main_of(int argc, char** argv) {
  Options options;
  CLI::App app("Times whole networks");
  app.add_option("models", options.models, "models' folders")->required();
  app.add_flag("--gradient", options.network.gradient,
               "also the gradient of class 0's score with respect to the image");
  app.add_flag("--guided", options.guided, "with --gradient: by guided backprop");
  app.add_option("--batch", options.network.batch, "images at once")->check(CLI::PositiveNumber);
  app.add_option("--size", options.size, "height and width of the image, or one number for both")->expected(1, 2);
  app.add_option("--input", options.network.input, "raw float32 file for the image input");
  app.add_option("--repetitions", options.repetitions, "timed runs")->check(CLI::PositiveNumber);
  app.add_option("--threads", options.threads, "OpenMP threads; 0: all");
  app.add_option("--device", options.device, "device");
  app.add_option("--steps", options.steps, "also time each step of the plan and show so many, the slowest first");
  app.add_option("--most-error", plan_defaults().most_error, "relative error up to which variants are taken")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_flag("--tune", options.tune, "measure first which variants are the fastest, as viz_run tune does");
  app.add_option("--json", options.json, "also write all numbers to this file");
  app.add_flag("--serve", options.serve, "answer requests on the standard input (benchmarks/peers)");
  CLI11_PARSE(app, argc, argv);
  return run(std::move(options));
}

}  // namespace
}  // namespace convlens::bench

int main(int argc, char** argv) {
  return convlens::guarded_main("network_bench", [&] { return convlens::bench::main_of(argc, argv); });
}
