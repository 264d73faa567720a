// viz_run train CONFIG: trains a classifier on folders of pictures. A command and no algorithm, as an algorithm looks
// at a network that is there, by a session made for it, and this makes one.

#include "kernels/base/error.h"
#include "viz/command.h"
#include "viz/io/normalize.h"
#include "viz/io/tile.h"
#include "viz/preprocess.h"
#include "viz/training/classifier_trainer.h"
#include "viz/training/training_run.h"

namespace convlens::viz {
namespace {

int64_t classes_of(const Model& model) {
  const Plan plan = make_plan(model, {.observe = {model.output}});
  const Shape& shape = plan.values.at(model.output).desc.shape;
  if (shape.h() != 1 || shape.w() != 1)
    throw InputError("the output '" + model.output + "' must be class scores, N x C x 1 x 1, found " +
                     shape.to_string());
  return shape.c();
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

Section results(const ClassifierTrainer& trainer, OutputFolder& folder) {
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

void train(const TrainingOptions& options, ProcessGroup& group) {
  ClassifierKeys keys;
  TrainingRun run(options, keys, group);
  const Optimizer optimizer = run.optimizer();
  const auto model = run.model();
  const int64_t classes = classes_of(*model);
  const Dataset data = read_dataset(keys.data, *model, classes),
                validation = read_dataset(keys.validation, *model, classes);
  ClassifierTrainer trainer(*model, keys, optimizer, data, validation, group);
  if (!group.is_first()) return run.follow(trainer);
  OutputFolder folder = run.open_folder();
  const Json inputs{{"model", {{"name", model->name}}}, {"data", data.sha256}, {"validation", validation.sha256}};
  run.train(trainer, folder, inputs, {"data", "validation"});
  Model trained = trainer.model();
  if (trained.classes.empty()) trained.classes = class_folders(keys.data);
  run.finish(trained, folder, results(trainer, folder), inputs,
             {{"losses", trainer.losses}, {"accuracies", trainer.accuracies}});
}

const RegisterCommand train_registered([](CLI::App& parser) {
  auto options = std::make_shared<TrainingOptions>();
  CLI::App* command = parser.add_subcommand("train", "train a classifier on folders of pictures, one a class");
  options->add_to(*command);
  command->callback([options] { in_process_group([&](ProcessGroup& group) { train(*options, group); }); });
});

}  // namespace
}  // namespace convlens::viz
