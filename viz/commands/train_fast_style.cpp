// viz_run train_fast_style CONFIG: trains a network that paints any photo in a style, or in one of several, in one
// forward pass (Johnson, Alahi and Fei-Fei 2016; Dumoulin, Shlens and Kudlur 2017). What it learns to make small is in
// viz/training/style_graph.h.

#include <algorithm>
#include <cmath>
#include <span>

#include "kernels/base/sha256.h"
#include "viz/command.h"
#include "viz/io/resize.h"
#include "viz/run.h"
#include "viz/scan/image_list.h"
#include "viz/text.h"
#include "viz/training/style_trainer.h"
#include "viz/training/training_run.h"
#include "weights/model_file.h"
#include "weights/model_writer.h"

namespace convlens::viz {
namespace {

namespace fs = std::filesystem;

std::string sha256_of(const auto& values) { return sha256_hex(std::as_bytes(std::span(values))); }

// The whole image, its shorter edge `size` pixels long.
Image read_style(const fs::path& file, int64_t size) {
  const Image image = to_rgb(read_image(file));
  const double scale = static_cast<double>(size) / std::min(image.height, image.width);
  const auto scaled = [&](int extent) { return static_cast<int>(std::lround(extent * scale)); };
  return clamp(resize(image, scaled(image.height), scaled(image.width), Filter::bicubic));
}

std::vector<Image> read_photos(const fs::path& folder, InputSpec input, int64_t size) {
  std::vector<Image> photos;
  for (const fs::path& file : list_images(folder))
    photos.push_back(network_view(read_image(folder / file), input, static_cast<int>(size), static_cast<int>(size)));
  return photos;
}

struct Pictures {
  std::vector<Image> styles, photos;
  Json hashes(const StyleKeys& keys) const {
    Json json{{"content", listing_sha256(keys.content)}};
    for (const Image& style : styles) json["styles"].push_back(sha256_of(style.values));
    for (const Image& photo : photos) json["validation"].push_back(sha256_of(photo.values));
    return json;
  }
};

LineChart chart(const std::string& title, const std::string& x_label, const StyleCurves& curves,
                const std::vector<Term>& terms) {
  LineChart chart{.title = title, .x_label = x_label, .y_label = "weighted loss", .y_axis = Axis::logarithmic};
  chart.series.push_back({"total", curves.totals});
  for (size_t i = 0; i < terms.size(); ++i) chart.series.push_back({terms[i].name, curves.terms[i]});
  return chart;
}

Table before_and_after(const StyleCurves& curves, const std::vector<Term>& terms) {
  Table table{.caption = "Unseen photos: each term times its weight", .header = {"term", "before", "after", "ratio"}};
  const auto add = [&](const std::string& name, const std::vector<double>& values) {
    table.rows.push_back({name, scientific(values.front()), scientific(values.back()),
                          values.front() > 0 ? percent(values.back() / values.front()) : "-"});
  };
  for (size_t i = 0; i < terms.size(); ++i) add(terms[i].name, curves.terms[i]);
  add("total", curves.totals);
  return table;
}

Section results(const StyleTrainer& trainer, OutputFolder& folder) {
  Section section{.title = "train_fast_style", .text = "training of a network that paints in a style"};
  section.charts.push_back(chart("Loss", "step", trainer.training, trainer.terms()));
  section.charts.push_back(chart("Loss of unseen photos", "preview", trainer.validation, trainer.terms()));
  section.tables.push_back(before_and_after(trainer.validation, trainer.terms()));
  if (!trainer.broken_photos().empty()) {
    Table table{.caption = "Passed over: files that cannot be read", .header = {"file", "reason"}};
    for (const auto& [file, reason] : trainer.broken_photos()) table.rows.push_back({file, reason});
    section.tables.push_back(std::move(table));
  }
  for (const auto& preview : trainer.previews) {
    const std::string name = "preview-" + std::to_string(preview.step);
    const Image image = decode_image(preview.png, name);
    folder.save(name, image);
    section.pictures.push_back({.caption = "after " + std::to_string(preview.step) + " steps", .image = image});
  }
  return section;
}

Json record(const StyleTrainer& trainer) {
  Json names = Json::array();
  for (const Term& term : trainer.terms()) names.push_back(term.name);
  const auto curves = [](const StyleCurves& c) { return Json{{"totals", c.totals}, {"terms", c.terms}}; };
  return {{"terms", names}, {"training", curves(trainer.training)}, {"validation", curves(trainer.validation)}};
}

void train(const TrainingOptions& options, ProcessGroup& group) {
  StyleKeys keys;
  TrainingRun run(options, keys, group);
  const Optimizer optimizer = run.optimizer();
  const auto transform = run.model(), loss_network = read_model(keys.loss_network);
  Pictures pictures{.photos = read_photos(keys.validation, transform->image_input(), keys.size)};
  std::vector<std::vector<Array>> grams;
  for (const fs::path& file : keys.styles) {
    pictures.styles.push_back(read_style(file, keys.style_size));
    grams.push_back(
        style_grams(*loss_network, keys.loss.style_layers, pictures.styles.back(), resolve_device(keys.device)));
  }
  Json inputs = pictures.hashes(keys);
  inputs["model"] = sha256_of(encode_model(*transform).json);
  inputs["loss_network"] = loss_network->sha256;
  StyleTrainer trainer(*transform, *loss_network, grams, keys, optimizer, pictures.photos, group);
  if (!group.is_first()) return run.follow(trainer);
  OutputFolder folder = run.open_folder();
  run.train(trainer, folder, inputs, {"content", "validation", "styles", "loss_network"});
  run.finish(trainer.model(), folder, results(trainer, folder), inputs, record(trainer));
}

const RegisterCommand registered([](CLI::App& parser) {
  auto options = std::make_shared<TrainingOptions>();
  CLI::App* command =
      parser.add_subcommand("train_fast_style", "train a network that paints photos in a style, or in several");
  options->add_to(*command);
  command->callback([options] { in_process_group([&](ProcessGroup& group) { train(*options, group); }); });
});

}  // namespace
}  // namespace convlens::viz
