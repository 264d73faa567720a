#include "viz/training/training_run.h"

#include <omp.h>

#include <cstdio>
#include <fstream>
#include <iostream>

#include "kernels/base/error.h"
#include "kernels/base/params.h"
#include "viz/interrupt.h"
#include "viz/progress.h"
#include "viz/training/training_graph.h"
#include "viz/versions.h"
#include "weights/model_file.h"
#include "weights/model_writer.h"

namespace convlens::viz {
namespace {

namespace fs = std::filesystem;

// Fills the keys; returns the optimizer's.
Json read_keys(const TrainingOptions& options, TrainingKeys& keys) {
  std::ifstream stream(options.config);
  if (!stream) throw InputError(options.config + ": there is no such file, or it cannot be read");
  Json json = Json::parse(stream, nullptr, false);
  if (!json.is_object()) throw InputError(options.config + ": must hold a JSON object");
  if (!json.contains("optimizer")) throw InputError(options.config + ": the key 'optimizer' is missing");
  const Json optimizer = json["optimizer"];
  json.erase("optimizer");
  if (!options.out.empty()) json["out"] = fs::absolute(options.out).string();
  read_params(keys, json, options.config, "", fs::path(options.config).parent_path());
  return optimizer;
}

InputError wrong_checkpoint(const fs::path& out, const std::string& what) {
  return InputError((out / ".unfinished/checkpoint").string() + ": " + what +
                    "; without --resume the training begins anew");
}

// What an earlier program kept; null if there is nothing.
Json kept_state(const OutputFolder& folder, const std::string& fingerprint) {
  const auto text = folder.kept("checkpoint");
  if (!text) return nullptr;
  const Json checkpoint = Json::from_cbor(*text, true, false);
  if (!checkpoint.is_object() || !checkpoint.contains("state")) throw wrong_checkpoint(folder.path(), "is damaged");
  if (checkpoint.value("fingerprint", "") != fingerprint)
    throw wrong_checkpoint(folder.path(), "is of another configuration or other pictures");
  return checkpoint["state"];
}

void keep(const Training& training, OutputFolder& folder, const std::string& fingerprint) {
  const auto bytes = Json::to_cbor(Json{{"fingerprint", fingerprint}, {"state", training.state()}});
  folder.keep("checkpoint", std::string(bytes.begin(), bytes.end()));
}

}  // namespace

void TrainingOptions::add_to(CLI::App& command) {
  command.add_option("config", config, "configuration file (JSON)")->required();
  command.add_option("--out", out, "folder for the results");
  command.add_flag("--resume", resume, "go on from an interrupted training's last checkpoint");
  command.add_flag("--quiet", quiet, "print nothing but errors");
}

TrainingRun::TrainingRun(const TrainingOptions& options, TrainingKeys& keys, ProcessGroup& group)
    : options_(options), keys_(keys), optimizer_(read_keys(options, keys)), group_(group) {
  options_.quiet = options.quiet || !group.is_first();
  omp_set_num_threads(keys.threads > 0 ? static_cast<int>(keys.threads) : omp_get_num_procs());
}

std::shared_ptr<const Model> TrainingRun::model() const {
  if (fs::is_directory(keys_.model)) return read_model(keys_.model);
  return read_architecture(keys_.model, initial_weights(keys_.seed));
}

Json TrainingRun::resolved() const {
  Json json = write_params(keys_);
  json["optimizer"] = optimizer_;
  return json;
}

OutputFolder TrainingRun::open_folder() const {
  return options_.resume ? OutputFolder::resumed(keys_.out) : OutputFolder::fresh(keys_.out);
}

void TrainingRun::train(Training& training, OutputFolder& folder, const Json& inputs,
                        const std::vector<std::string>& places) {
  Json decisive = resolved();
  for (const std::string& key : places) decisive.erase(key);
  for (const char* key : {"out", "model", "checkpoint_steps"}) decisive.erase(key);
  const std::string fingerprint = Json{decisive, inputs}.dump();
  restore(training, options_.resume ? kept_state(folder, fingerprint) : nullptr);
  advance(training, [&] { keep(training, folder, fingerprint); });
}

void TrainingRun::follow(Training& training) {
  restore(training, nullptr);
  advance(training, [] {});
}

// In every process the state that the first has, if it has one.
void TrainingRun::restore(Training& training, const Json& state) const {
  const auto bytes = Json::to_cbor(state);
  const Json of_first = Json::from_cbor(group_.broadcast({bytes.begin(), bytes.end()}));
  if (of_first.is_null()) return;
  try {
    training.restore(of_first);
  } catch (const Json::exception&) {
    throw wrong_checkpoint(keys_.out, "is damaged");
  }
}

void TrainingRun::advance(Training& training, const std::function<void()>& keep) const {
  if (!options_.quiet) training.say = [](const std::string& line) { std::cout << line << std::endl; };
  const EndOnRequest interrupt;
  Progress progress("train", "step", training.steps() - training.steps_done(),
                    options_.quiet ? no_display() : standard_error_display());
  while (training.steps_done() < training.steps()) {
    const double loss = training.step();
    char note[64];
    std::snprintf(note, sizeof note, "loss %.4f", loss);
    progress.advance(1, note);
    // Whichever process it reached first.
    const auto signal = static_cast<int>(group_.all_reduce_max(interrupt.signal()));
    if (training.steps_done() % keys_.checkpoint_steps == 0 || signal) keep();
    if (signal)
      throw Interrupted(
          signal, "interrupted after step " + std::to_string(training.steps_done()) + "; --resume goes on from there");
  }
}

void TrainingRun::finish(const Model& model, OutputFolder& folder, const Section& results, const Json& inputs,
                         const Json& record) {
  const ModelFiles files = encode_model(model);
  folder.save_text("model/model.json", files.json);
  folder.save_text("model/model.bin", files.binary);
  Report report{.title = keys_.out.filename().string()};
  report.sections.push_back(render_section(results));
  report.configuration = resolved();
  Json json{{"convlens", versions()},
            {"configuration", resolved()},
            {"inputs", inputs},
            {"processes", group_.size()},
            {"threads", omp_get_max_threads()}};
  json.update(record);
  json["outputs"] = folder.hashes();
  folder.save_text("report.html", render_html(report));
  folder.save_text("run.json", json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
  folder.commit();
  if (!options_.quiet) std::cout << "report: " << (folder.path() / "report.html").string() << '\n';
}

}  // namespace convlens::viz
