#include "viz/runner.h"

#include <omp.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <map>

#include "engine/plan_defaults.h"
#include "kernels/base/error.h"
#include "kernels/base/json.h"
#include "kernels/base/sha256.h"
#include "viz/finished_runs.h"
#include "viz/progress.h"
#include "viz/run.h"
#include "viz/text.h"
#include "viz/versions.h"
#include "weights/model_file.h"

namespace convlens::viz {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// Models that were read, so that runs share them.
class Models {
 public:
  const Model& get(const std::filesystem::path& path) {
    if (path.empty()) throw InputError("the key 'model' is missing: it names a model's folder");
    auto& model = models_[std::filesystem::weakly_canonical(path)];
    if (!model) model = read_model(path);
    return *model;
  }

 private:
  std::map<std::filesystem::path, std::shared_ptr<const Model>> models_;
};

// What holds for all that a run computes.
void set_machine(const RunKeys& keys) {
  omp_set_num_threads(keys.threads > 0 ? static_cast<int>(keys.threads) : omp_get_num_procs());
  plan_defaults().most_error = keys.most_error;
}

// Names of folders for the runs of a list: the algorithm, numbered where it occurs again.
std::vector<std::string> prefixes(const Config& config) {
  if (config.runs.size() == 1) return {""};
  std::vector<std::string> list;
  std::map<std::string, int> count;
  for (const RunConfig& run : config.runs) {
    const int n = ++count[run.info->name];
    list.push_back(run.info->name + (n > 1 ? "-" + std::to_string(n) : "") + "/");
  }
  return list;
}

Json layers_of(const Session& session) {
  Json layers = Json::object();
  for (const Step& step : session.plan().steps)
    if (step.kind == Step::Kind::kernel) layers[step.layer][to_string(step.pass)] = step.variant->name;
  for (const auto& [layer, host] : session.plan().fused) layers[layer]["forward"] = "fused into " + host;
  for (const auto& [layer, host] : session.plan().fused_backward) layers[layer]["backward_data"] = "fused into " + host;
  return layers;
}

Json inputs_of(const RunConfig& config, const Model& model) {
  Json inputs{{"model", {{"name", model.name}, {"sha256", model.sha256}}}};
  if (!config.keys.image.empty())
    inputs["image"] = {{"file", config.keys.image.filename().string()}, {"sha256", sha256_file(config.keys.image)}};
  for (const auto& [name, sha256] : config.algorithm->more_inputs()) inputs[name] = {{"sha256", sha256}};
  return inputs;
}

/// What decides a run's results, and begins its entry in run.json.
Json identity_of(const RunConfig& config, const Model& model) {
  return {{"algorithm", config.info->name},
          {"configuration", config.resolved()},
          {"inputs", inputs_of(config, model)},
          {"device", to_string(resolve_device(config.keys.device))},
          {"threads", omp_get_max_threads()}};
}

FinishedRun execute(const RunConfig& config, const Model& model, OutputFolder& folder, const std::string& prefix,
                    const RunOptions& options) {
  Section section{.title = config.info->name, .text = config.info->summary};
  Run run(config, model, section, &folder, prefix);
  run.show_progress_on(options.quiet ? no_display() : standard_error_display());
  Json entry = run.identity = identity_of(config, model);
  size_t peak_bytes = 0;
  run.on_open = [&](const Session& opened) {
    peak_bytes = std::max(peak_bytes, opened.plan().arena_bytes + opened.plan().packed_bytes);
    entry["layers"].update(layers_of(opened));
  };
  const auto start = Clock::now();
  const auto request = config.algorithm->request(run);
  const auto session = request ? run.open(model, *request) : nullptr;
  if (session && options.on_session) options.on_session(config, *session);
  const double prepared = seconds_since(start);
  config.algorithm->execute(run, session.get());
  entry["results"] = run.results;
  entry["seconds"] = {{"prepare", prepared}, {"run", seconds_since(start) - prepared}};
  run.figure("model", model.name);
  run.figure("device", to_string(run.device()));
  run.figure("time", milliseconds(seconds_since(start)));
  if (peak_bytes > 0) {
    run.figure("peak memory", megabytes(peak_bytes));
    entry["peak_bytes"] = peak_bytes;
  }
  if (!options.quiet)
    for (const std::string& line : run.said) std::cout << line << '\n';
  return {entry, render_section(section)};
}

/// All runs of a configuration, those that an earlier program finished included.
std::vector<FinishedRun> execute_all(const Config& config, Models& models, OutputFolder& folder,
                                     const RunOptions& options) {
  const auto names = prefixes(config);
  std::optional<SayOnInterrupt> interrupted;
  Progress progress(config.file.stem().string(), "run", std::ssize(config.runs),
                    options.quiet ? no_display() : standard_error_display());
  std::vector<FinishedRun> finished;
  for (size_t i = 0; i < config.runs.size(); ++i) {
    const RunConfig& run = config.runs[i];
    const Model& model = models.get(run.keys.model);
    set_machine(run.keys);
    if (auto earlier = take_up_finished(folder, names[i], identity_of(run, model))) {
      if (!options.quiet) std::cout << run.info->name << ": finished before\n";
      finished.push_back(std::move(*earlier));
    } else {
      finished.push_back(execute(run, model, folder, names[i], options));
      if (config.runs.size() > 1) keep_finished(folder, names[i], finished.back());
    }
    if (!interrupted && config.runs.size() > 1)
      interrupted.emplace("viz_run: interrupted; --resume goes on after the runs that are finished");
    progress.advance(1, run.info->name);
  }
  return finished;
}

}  // namespace

Json run_config(const Config& config, const RunOptions& options) {
  Models models;
  for (const RunConfig& run : config.runs) models.get(run.keys.model);  // a bad model is found before any work
  OutputFolder folder = options.resume ? OutputFolder::resumed(config.out) : OutputFolder::fresh(config.out);
  Report report{.title = config.file.stem().string()};
  Json record{{"convlens", versions()}, {"runs", Json::array()}};
  Json configurations = Json::array();
  for (const FinishedRun& run : execute_all(config, models, folder, options)) {
    record["runs"].push_back(run.entry);
    report.sections.push_back(run.section);
    configurations.push_back(run.entry["configuration"]);
  }
  report.configuration = configurations.size() == 1 ? configurations[0] : Json{{"runs", configurations}};
  record["outputs"] = folder.hashes();
  folder.save_text("report.html", render_html(report));
  folder.save_text("run.json", record.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
  folder.commit();
  if (!options.quiet) std::cout << "report: " << (folder.path() / "report.html").string() << '\n';
  return record;
}

std::vector<std::pair<std::string, Plan>> plan_config(const Config& config) {
  Models models;
  std::vector<std::pair<std::string, Plan>> plans;
  for (const RunConfig& run_config : config.runs) {
    set_machine(run_config.keys);
    const Model& model = models.get(run_config.keys.model);
    Section section;
    const Run run(run_config, model, section);
    if (const auto request = run_config.algorithm->request(run))
      plans.emplace_back(run_config.info->name + " of " + model.name + " on " + to_string(run.device()),
                         make_plan(model, *request));
    for (const Stage& stage : run_config.algorithm->stages(run))
      plans.emplace_back(run_config.info->name + ", " + stage.name + " on " + to_string(run.device()),
                         make_plan(stage.model, stage.request));
  }
  return plans;
}

}  // namespace convlens::viz
