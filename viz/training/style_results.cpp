#include "viz/training/style_results.h"

#include <span>

#include "kernels/base/sha256.h"
#include "viz/preprocess.h"
#include "viz/scan/image_list.h"
#include "viz/text.h"
#include "weights/model_writer.h"

namespace convlens::viz {
namespace {

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

}  // namespace

std::vector<Image> read_photos(const std::filesystem::path& folder, const InputSpec& input, int64_t size) {
  std::vector<Image> photos;
  for (const auto& file : list_images(folder))
    photos.push_back(network_view(read_image(folder / file), input, static_cast<int>(size), static_cast<int>(size)));
  return photos;
}

Json hashes_of(const std::vector<Image>& pictures) {
  Json hashes = Json::array();
  for (const Image& picture : pictures) hashes.push_back(sha256_hex(std::as_bytes(std::span(picture.values))));
  return hashes;
}

std::string hash_of(const Model& model) {
  const std::string json = encode_model(model).json;  // which has the weights' hash
  return sha256_hex(std::as_bytes(std::span(json)));
}

Section results(const std::string& command, const std::string& summary, const StyleTrainer& trainer,
                OutputFolder& folder) {
  Section section{.title = command, .text = summary};
  section.charts.push_back(chart("Loss", "step", trainer.training, trainer.terms()));
  section.charts.push_back(chart("Loss of unseen photos", "preview", trainer.validation, trainer.terms()));
  section.tables.push_back(before_and_after(trainer.validation, trainer.terms()));
  const auto& broken = trainer.broken();
  if (!broken.empty()) {
    Table table{.caption = "Passed over: files that cannot be read", .header = {"file", "reason"}};
    for (const auto& [file, reason] : broken) table.rows.push_back({file, reason});
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

}  // namespace convlens::viz
