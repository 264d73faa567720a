// viz_run train_fast_style CONFIG: trains a network that paints any photo in a style, or in one of several, in one
// forward pass (Johnson, Alahi and Fei-Fei 2016; Dumoulin, Shlens and Kudlur 2017). What it learns to make small is in
// viz/training/style_graph.h.

#include "viz/command.h"
#include "viz/run.h"
#include "viz/scan/image_list.h"
#include "viz/style/style_image.h"
#include "viz/training/input_hashes.h"
#include "viz/training/style_trainer.h"
#include "viz/training/training_run.h"
#include "weights/model_file.h"

namespace convlens::viz {
namespace {

void train_fast_style(const TrainingOptions& options, ProcessGroup& group) {
  StyleKeys keys;
  TrainingRun run(options, keys, group);
  const Optimizer optimizer = run.optimizer();
  const auto transform = run.model(), loss_network = read_model(keys.loss_network);
  const std::vector<Image> photos = read_views(keys.validation, transform->image_input(), keys.size);
  std::vector<Image> styles;
  std::vector<std::vector<Array>> grams;
  for (const auto& file : keys.styles) {
    styles.push_back(read_style(file, keys.style_size));
    grams.push_back(style_grams(*loss_network, keys.loss.style_layers, styles.back(), resolve_device(keys.device)));
  }
  const Json inputs{{"content", listing_sha256(keys.content)},
                    {"styles", hashes_of(styles)},
                    {"validation", hashes_of(photos)},
                    {"model", hash_of(*transform)},
                    {"loss_network", loss_network->sha256}};
  const auto graph = [&](const Model& network, int64_t batch) {
    return make_style_graph(network, *loss_network, grams, keys.loss, keys.size, batch);
  };
  StyleTrainer trainer(*transform, graph, keys, optimizer, std::make_unique<NumberedStyles>(std::ssize(styles)), photos,
                       group);
  if (!group.is_first()) return run.follow(trainer);
  OutputFolder folder = run.open_folder();
  run.train(trainer, folder, inputs, {"content", "validation", "styles", "loss_network"});
  run.finish(trainer.model(), folder,
             trainer.record.section("train_fast_style", "training of a network that paints in a style",
                                    trainer.broken(), folder),
             inputs, trainer.record.json());
}

const RegisterCommand train_fast_style_registered([](CLI::App& parser) {
  auto options = std::make_shared<TrainingOptions>();
  CLI::App* command =
      parser.add_subcommand("train_fast_style", "train a network that paints photos in a style, or in several");
  options->add_to(*command);
  command->callback([options] { in_process_group([&](ProcessGroup& group) { train_fast_style(*options, group); }); });
});

}  // namespace
}  // namespace convlens::viz
