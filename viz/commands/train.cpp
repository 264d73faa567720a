// viz_run train CONFIG: trains a classifier on folders of pictures. A command and no algorithm, as an algorithm looks
// at a network that is there, by a session made for it, and this makes one.

#include <omp.h>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <optional>

#include "kernels/base/error.h"
#include "viz/command.h"
#include "viz/interrupt.h"
#include "viz/io/normalize.h"
#include "viz/io/report.h"
#include "viz/io/tile.h"
#include "viz/output_folder.h"
#include "viz/preprocess.h"
#include "viz/progress.h"
#include "viz/run.h"
#include "viz/training/trainer.h"
#include "viz/versions.h"
#include "weights/model_file.h"
#include "weights/model_writer.h"

namespace convlens::viz {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string config, out;
  bool resume = false, quiet = false;
};

struct TrainConfig {
  TrainKeys keys;
  Json optimizer;

  Json resolved() {
    Json json = write_params(keys);
    json["optimizer"] = optimizer;
    return json;
  }
};

TrainConfig read_train_config(const Options& options) {
  std::ifstream stream(options.config);
  if (!stream) throw InputError(options.config + ": there is no such file, or it cannot be read");
  Json json = Json::parse(stream, nullptr, false);
  if (!json.is_object()) throw InputError(options.config + ": must hold a JSON object");
  TrainConfig config;
  if (!json.contains("optimizer")) throw InputError(options.config + ": the key 'optimizer' is missing");
  config.optimizer = json["optimizer"];
  json.erase("optimizer");
  if (!options.out.empty()) json["out"] = fs::absolute(options.out).string();
  read_params(config.keys, json, options.config, "", fs::path(options.config).parent_path());
  return config;
}

std::shared_ptr<const Model> model_to_train(const TrainKeys& keys) {
  if (fs::is_directory(keys.model)) return read_model(keys.model);
  return read_architecture(keys.model, initial_weights(keys.seed));
}

int64_t classes_of(const Model& model) {
  const Plan plan = make_plan(model, {.observe = {model.output}});
  const Shape& shape = plan.values.at(model.output).desc.shape;
  if (shape.h() != 1 || shape.w() != 1)
    throw InputError("the output '" + model.output + "' must be class scores, N x C x 1 x 1, found " +
                     shape.to_string());
  return shape.c();
}

// Everything on which the numbers of a training depend.
std::string fingerprint(TrainConfig& config, const Dataset& data, const Dataset& validation) {
  Json json = config.resolved();
  for (const char* key : {"out", "data", "validation", "model", "checkpoint_steps"}) json.erase(key);
  json["pictures"] = {data.sha256, validation.sha256};
  return json.dump();
}

void restore(Trainer& trainer, const OutputFolder& folder, const std::string& expected) {
  const auto text = folder.kept("checkpoint");
  if (!text) return;
  const Json checkpoint = Json::from_cbor(*text, true, false);
  const std::string where = (folder.path() / ".unfinished/checkpoint").string();
  const InputError damaged(where + ": is damaged; without --resume the training begins anew");
  if (!checkpoint.is_object() || !checkpoint.contains("state")) throw damaged;
  if (checkpoint.value("fingerprint", "") != expected)
    throw InputError(where +
                     ": is of another configuration or other pictures; without --resume the training begins anew");
  try {
    trainer.restore(checkpoint["state"]);
  } catch (const Json::exception&) {
    throw damaged;
  }
}

void keep(const Trainer& trainer, OutputFolder& folder, const std::string& fingerprint) {
  const auto bytes = Json::to_cbor(Json{{"fingerprint", fingerprint}, {"state", trainer.state()}});
  folder.keep("checkpoint", std::string(bytes.begin(), bytes.end()));
}

void train(Trainer& trainer, const TrainKeys& keys, OutputFolder& folder, const std::string& fingerprint, bool quiet) {
  std::optional<SayOnInterrupt> interrupted;
  Progress progress("train", "step", trainer.steps() - trainer.steps_done(),
                    quiet ? no_display() : standard_error_display());
  size_t epochs = trainer.accuracies.size();
  while (trainer.steps_done() < trainer.steps()) {
    const double loss = trainer.step();
    char note[64];
    std::snprintf(note, sizeof note, "loss %.4f", loss);
    progress.advance(1, note);
    if (!quiet && trainer.accuracies.size() > epochs)
      std::cout << "epoch " << ++epochs << ": loss " << loss << ", validation accuracy " << trainer.accuracies.back()
                << std::endl;
    if (trainer.steps_done() % keys.checkpoint_steps != 0) continue;
    keep(trainer, folder, fingerprint);
    if (!interrupted) interrupted.emplace("viz_run: interrupted; --resume goes on from the last checkpoint");
  }
}

// The first layer's filters, each normalised by itself.
Image filter_tiles(const Weight& weight, const std::vector<float>& values, const InputSpec& input) {
  Array all(weight.shape);
  all.values = values;
  std::vector<Image> tiles;
  for (int64_t o = 0; o < weight.shape[0]; ++o) {
    const Image tile = weight.shape[1] == 3 ? to_image(all, input, o) : channel_image(all, 0, o);
    tiles.push_back(scale_to_unit(tile, value_range(tile)));
  }
  return enlarge(tile_grid(tiles, square_columns(static_cast<int>(tiles.size()), tiles[0].height, tiles[0].width)), 6);
}

const Weight* first_filters(const Model& model) {
  for (const Layer& layer : model.layers)
    if (!layer.weights.empty()) return layer.weights[0].shape.rank() == 4 ? &layer.weights[0] : nullptr;
  return nullptr;
}

Section results(const Trainer& trainer, OutputFolder& folder) {
  Section section{.title = "train", .text = "training by cross-entropy"};
  section.charts.push_back(
      {.title = "Loss", .y_label = "cross-entropy", .series = {{"loss", trainer.losses}}, .y_axis = Axis::logarithmic});
  section.charts.push_back(
      {.title = "Validation accuracy", .x_label = "epoch", .series = {{"accuracy", trainer.accuracies}}});
  section.figures.push_back({"validation accuracy", std::to_string(trainer.accuracies.back())});
  if (const Weight* weight = first_filters(trainer.model()))
    for (size_t epoch = 0; epoch < trainer.filters.size(); ++epoch) {
      if (epoch & (epoch - 1) && epoch + 1 < trainer.filters.size()) continue;  // 0, 1, 2, 4, 8, ... and the last
      const Image tiles = filter_tiles(*weight, trainer.filters[epoch], trainer.model().image_input());
      folder.save("filters-" + std::to_string(epoch), tiles);
      section.pictures.push_back({.caption = "first filters after " + std::to_string(epoch) + " epochs",
                                  .image = tiles,
                                  .scaling = Scaling::pixelated});
    }
  return section;
}

void finish(TrainConfig& config, const Trainer& trainer, Model model, OutputFolder& folder, const Json& inputs) {
  if (model.classes.empty()) model.classes = class_folders(config.keys.data);
  const ModelFiles files = encode_model(model);
  folder.save_text("model/model.json", files.json);
  folder.save_text("model/model.bin", files.binary);
  Report report{.title = fs::path(config.keys.out).filename().string()};
  report.sections.push_back(render_section(results(trainer, folder)));
  report.configuration = config.resolved();
  const Json record{{"convlens", versions()},    {"configuration", config.resolved()},
                    {"inputs", inputs},          {"threads", omp_get_max_threads()},
                    {"losses", trainer.losses},  {"accuracies", trainer.accuracies},
                    {"outputs", folder.hashes()}};
  folder.save_text("report.html", render_html(report));
  folder.save_text("run.json", record.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
  folder.commit();
}

void run(const Options& options) {
  TrainConfig config = read_train_config(options);
  const Optimizer optimizer(config.optimizer, options.config);
  omp_set_num_threads(config.keys.threads > 0 ? static_cast<int>(config.keys.threads) : omp_get_num_procs());
  const auto model = model_to_train(config.keys);
  const int64_t classes = classes_of(*model);
  const Dataset data = read_dataset(config.keys.data, *model, classes),
                validation = read_dataset(config.keys.validation, *model, classes);
  OutputFolder folder = options.resume ? OutputFolder::resumed(config.keys.out) : OutputFolder::fresh(config.keys.out);
  Trainer trainer(*model, config.keys, optimizer, data, validation);
  const std::string print = fingerprint(config, data, validation);
  if (options.resume) restore(trainer, folder, print);
  train(trainer, config.keys, folder, print, options.quiet);
  finish(config, trainer, trainer.model(), folder,
         {{"model", {{"name", model->name}}}, {"data", data.sha256}, {"validation", validation.sha256}});
  if (!options.quiet) std::cout << "report: " << (folder.path() / "report.html").string() << '\n';
}

const RegisterCommand registered([](CLI::App& parser) {
  auto options = std::make_shared<Options>();
  CLI::App* command = parser.add_subcommand("train", "train a classifier on folders of pictures, one a class");
  command->add_option("config", options->config, "configuration file (JSON)")->required();
  command->add_option("--out", options->out, "folder for the results");
  command->add_flag("--resume", options->resume, "go on from an interrupted training's last checkpoint");
  command->add_flag("--quiet", options->quiet, "print nothing but errors");
  command->callback([options] { run(*options); });
});

}  // namespace
}  // namespace convlens::viz
