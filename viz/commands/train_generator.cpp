// viz_run train_generator CONFIG: trains a network that makes an image of the code that another has of it: the prior of
// latent_visualization. What it learns to make small is in viz/training/generator_graph.h.

#include "viz/command.h"
#include "viz/scan/image_list.h"
#include "viz/training/generator_trainer.h"
#include "viz/training/input_hashes.h"
#include "viz/training/training_run.h"
#include "weights/model_file.h"

namespace convlens::viz {
namespace {

void train_generator(const TrainingOptions& options, ProcessGroup& group) {
  GeneratorKeys keys;
  TrainingRun run(options, keys, group);
  const Optimizer optimizer = run.optimizer();
  const auto generator = run.model(), encoder = read_model(keys.encoder);
  const InputSpec& input = encoder->image_input();
  const std::vector<Image> views = read_views(keys.validation, input, input.shape.h());
  const Json inputs{{"data", listing_sha256(keys.data)},
                    {"validation", hashes_of(views)},
                    {"model", hash_of(*generator)},
                    {"encoder", encoder->sha256}};
  GeneratorTrainer trainer(*generator, *encoder, keys, optimizer, views, group);
  if (!group.is_first()) return run.follow(trainer);
  OutputFolder folder = run.open_folder();
  run.train(trainer, folder, inputs, {"data", "validation", "encoder"});
  run.finish(trainer.model(), folder,
             trainer.record.section("train_generator", "training of a network that makes images of codes",
                                    trainer.broken(), folder),
             inputs, trainer.record.json());
}

const RegisterCommand train_generator_registered([](CLI::App& parser) {
  auto options = std::make_shared<TrainingOptions>();
  CLI::App* command =
      parser.add_subcommand("train_generator", "train a network that makes an image of another's features of it");
  options->add_to(*command);
  command->callback([options] { in_process_group([&](ProcessGroup& group) { train_generator(*options, group); }); });
});

}  // namespace
}  // namespace convlens::viz
