#include "viz/style/adain_keys.h"

#include "kernels/base/error.h"
#include "kernels/base/sha256.h"
#include "viz/layers.h"
#include "viz/preprocess.h"
#include "viz/style/adaptive_style.h"
#include "viz/style/style_image.h"

namespace convlens::viz {
namespace {

Stage stage_of(const Run& run, const AdaptiveStyle& network, const Image& style) {
  const Model& statistics = network.statistics_network();
  return {"a style of " + std::to_string(style.height) + " x " + std::to_string(style.width) + " pixels",
          statistics,
          {.device = run.device(),
           .input_shapes = {{network.style_input().name, {1, 3, style.height, style.width}}},
           .observe = {statistics.output}}};
}

}  // namespace

void AdainKeys::describe(ParamVisitor& v) {
  v.field(
      {.name = "adain", .doc = "the styles are those of 'style_images', by a network that viz_run train_adain made"},
      adain);
  v.field({.name = "style_images", .doc = "pictures in whose styles to paint: styles 0, 1, ..."}, style_images);
  v.field({.name = "style_size", .doc = "pixels of their shorter edges: the larger, the larger the strokes", .min = 8},
          style_size);
  v.field({.name = "alpha", .doc = "how much of the style: from 0, the photo's own, to 1", .min = 0, .max = 1}, alpha);
}

void AdainKeys::check(const Model& network) const {
  if (adain && style_images.empty()) throw InputError("'style_images' must name at least one picture with 'adain'");
  if (!adain && !style_images.empty()) throw InputError("'style_images' are for 'adain' alone, which is false");
  if (!adain && alpha != 1) throw InputError("'alpha' is for 'adain' alone, which is false");
  if (!adain && AdaptiveStyle::is(network))
    throw InputError("the network '" + network.name +
                     "' takes its styles from pictures: 'adain' must be true, and 'style_images' name them");
}

std::map<std::string, std::string> AdainKeys::inputs() const {
  std::map<std::string, std::string> inputs;
  for (size_t i = 0; i < style_images.size(); ++i) inputs["style " + std::to_string(i)] = sha256_file(style_images[i]);
  return inputs;
}

std::vector<Stage> AdainKeys::stages(const Run& run) const {
  std::vector<Stage> stages;
  if (!adain) return stages;
  const AdaptiveStyle network(run.model());
  for (const auto& file : style_images) stages.push_back(stage_of(run, network, read_style(file, style_size)));
  return stages;
}

Model AdainKeys::planned_painter(const Run& run) const {
  if (!adain) return run.model();
  const AdaptiveStyle network(run.model());
  const Model& statistics = network.statistics_network();
  const Shape shape = layer_shapes(statistics, network.style_input().shape).at(statistics.output);
  return network.painter(std::vector<Array>(style_images.size(), Array(shape)), alpha);
}

Model AdainKeys::painter(Run& run) const {
  if (!adain) return run.model();
  const AdaptiveStyle network(run.model());
  std::vector<Array> statistics;
  for (const auto& file : style_images) {
    const Image style = read_style(file, style_size);
    const Stage stage = stage_of(run, network, style);
    const auto session = run.open(stage.model, stage.request);
    session->set_input(network.style_input().name, to_tensor(style, network.style_input()));
    session->forward();
    run.section().pictures.push_back(
        {.caption = "style " + std::to_string(statistics.size()) + ": " + file.filename().string(), .image = style});
    statistics.push_back(session->value(stage.model.output));
  }
  return network.painter(statistics, alpha);
}

}  // namespace convlens::viz
