// viz_run train_adain CONFIG: trains the decoder of a network that paints photos in the style of any picture, by
// adaptive instance normalization (Huang and Belongie 2017). What it learns to make small is in
// viz/training/adaptive_style_graph.h; the encoder stays as it is.

#include "viz/command.h"
#include "viz/run.h"
#include "viz/scan/image_list.h"
#include "viz/style/adaptive_style.h"
#include "viz/style/network_parts.h"
#include "viz/training/adaptive_style_keys.h"
#include "viz/training/input_hashes.h"
#include "viz/training/random.h"
#include "viz/training/training_run.h"
#include "weights/model_file.h"

namespace convlens::viz {
namespace {

constexpr int64_t scaled_by = 8;  // photos

// Another seed than the photos', so that not each photo always meets the same style.
std::unique_ptr<StyleSource> styles_of(const AdaptiveStyleKeys& keys, const InputSpec& input,
                                       const std::vector<Image>& unseen) {
  const auto seed = static_cast<int64_t>(Random(keys.seed, 1).bits());
  return std::make_unique<PicturedStyles>(keys.styles, input,
                                          CropKeys{.size = keys.size, .flip = keys.flip, .seed = seed}, unseen);
}

// Of the features of the first photos.
std::map<std::string, double> scales_of(const AdaptiveStyleKeys& keys, const InputSpec& input, const Model& encoder) {
  Crops crops(keys.content, input, {.size = keys.size, .flip = keys.flip, .seed = keys.seed});
  return feature_scales(encoder, keys.loss.layers(), crops.batch(0, scaled_by), resolve_device(keys.device));
}

void train_adain(const TrainingOptions& options, ProcessGroup& group) {
  AdaptiveStyleKeys keys;
  TrainingRun run(options, keys, group);
  const Optimizer optimizer = run.optimizer();
  const auto encoder = read_model(keys.encoder);
  const Model decoder = decoder_of(*run.model());
  const InputSpec input = rgb_input("image", keys.size);
  const std::vector<Image> photos = read_views(keys.validation, input, keys.size),
                           styles = read_views(keys.validation_styles, input, keys.size);
  const Json inputs{{"content", listing_sha256(keys.content)},
                    {"styles", listing_sha256(keys.styles)},
                    {"validation", hashes_of(photos)},
                    {"validation_styles", hashes_of(styles)},
                    {"model", hash_of(decoder)},
                    {"encoder", encoder->sha256}};
  const auto scales = scales_of(keys, input, *encoder);
  const auto graph = [&](const Model& network, int64_t batch) {
    return make_adaptive_style_graph(network, *encoder, keys.loss, scales, keys.size, batch);
  };
  StyleTrainer trainer(decoder, graph, keys, optimizer, styles_of(keys, input, styles), photos, group);
  if (!group.is_first()) return run.follow(trainer);
  OutputFolder folder = run.open_folder();
  run.train(trainer, folder, inputs, {"content", "validation", "styles", "validation_styles", "encoder"});
  const Model whole =
      adaptive_style_network(*encoder, {keys.loss.layer, scales.at(keys.loss.layer)}, trainer.model(), keys.size);
  run.finish(part_before(whole, whole.output), folder,
             trainer.record.section("train_adain", "training of a decoder that paints in any picture's style",
                                    trainer.broken(), folder),
             inputs, trainer.record.json());
}

const RegisterCommand train_adain_registered([](CLI::App& parser) {
  auto options = std::make_shared<TrainingOptions>();
  CLI::App* command =
      parser.add_subcommand("train_adain", "train a decoder that paints photos in the style of any picture");
  options->add_to(*command);
  command->callback([options] { in_process_group([&](ProcessGroup& group) { train_adain(*options, group); }); });
});

}  // namespace
}  // namespace convlens::viz
