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

void restore(Training& training, const OutputFolder& folder, const std::string& fingerprint) {
  const auto text = folder.kept("checkpoint");
  if (!text) return;
  const Json checkpoint = Json::from_cbor(*text, true, false);
  const std::string where = (folder.path() / ".unfinished/checkpoint").string();
  const InputError damaged(where + ": is damaged; without --resume the training begins anew");
  if (!checkpoint.is_object() || !checkpoint.contains("state")) throw damaged;
  if (checkpoint.value("fingerprint", "") != fingerprint)
    throw InputError(where +
                     ": is of another configuration or other pictures; without --resume the training begins anew");
  try {
    training.restore(checkpoint["state"]);
  } catch (const Json::exception&) {
    throw damaged;
  }
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

TrainingRun::TrainingRun(const TrainingOptions& options, TrainingKeys& keys)
    : options_(options), keys_(keys), optimizer_(read_keys(options, keys)) {
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
  if (options_.resume) restore(training, folder, fingerprint);
  if (!options_.quiet) training.say = [](const std::string& line) { std::cout << line << std::endl; };
  const EndOnRequest interrupt;
  Progress progress("train", "step", training.steps() - training.steps_done(),
                    options_.quiet ? no_display() : standard_error_display());
  while (training.steps_done() < training.steps()) {
    const double loss = training.step();
    char note[64];
    std::snprintf(note, sizeof note, "loss %.4f", loss);
    progress.advance(1, note);
    if (training.steps_done() % keys_.checkpoint_steps == 0 || interrupt.signal()) keep(training, folder, fingerprint);
    if (interrupt.signal())
      throw Interrupted(interrupt.signal(), "interrupted after step " + std::to_string(training.steps_done()) +
                                                "; --resume goes on from there");
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
  Json json{
      {"convlens", versions()}, {"configuration", resolved()}, {"inputs", inputs}, {"threads", omp_get_max_threads()}};
  json.update(record);
  json["outputs"] = folder.hashes();
  folder.save_text("report.html", render_html(report));
  folder.save_text("run.json", json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
  folder.commit();
  if (!options_.quiet) std::cout << "report: " << (folder.path() / "report.html").string() << '\n';
}

}  // namespace convlens::viz
