#include "viz/features/folder_features.h"

#include <algorithm>

#include "kernels/base/error.h"
#include "kernels/base/params.h"
#include "viz/interrupt.h"
#include "viz/scan/image_list.h"

namespace convlens::viz {

namespace fs = std::filesystem;

namespace {

// All that decides an image's features.
Json identity(const Run& run, const std::string& layer) {
  const Model& model = run.model();
  const ViewSize size = view_size(run);
  const InputSpec& input = size.input;
  return {{"format", "convlens-features"},
          {"version", 1},
          {"model", model.name},
          {"weights", model.sha256},
          {"layer", layer},
          {"input",
           {{"size", {size.height, size.width}},
            {"channel_order", input.channel_order},
            {"range", input.range},
            {"mean", input.mean},
            {"std", input.std},
            {"resize", input.resize},
            {"crop", input.crop}}}};
}

// Names of models and layers may hold slashes.
std::string folder_name(std::string name) {
  std::ranges::replace_if(
      name, [](char c) { return c == '/' || c == '\\'; }, '_');
  return name;
}

fs::path default_store(const Run& run, const std::string& layer) {
  return run.out() / "features" / folder_name(run.model().name) / folder_name(layer);
}

std::vector<fs::path> unknown_files(const FeatureStore& store, const fs::path& folder,
                                    const std::vector<fs::path>& files) {
  std::vector<fs::path> unknown;
  std::ranges::copy_if(files, std::back_inserter(unknown),
                       [&](const fs::path& file) { return !store.find(folder, file); });
  return unknown;
}

}  // namespace

void FeatureKeys::describe(ParamVisitor& v) {
  folder.describe(v);
  v.field({.name = "layer",
           .doc = "whose value is an image's features; by default what the last fully connected layer is fed with"},
          layer);
  v.field({.name = "store",
           .doc = "folder that keeps the features for the next run; by default features/MODEL/LAYER in 'out'"},
          store);
}

std::string FeatureKeys::feature_layer(const Model& model) const {
  if (!layer.empty()) return model.layer(layer).name;
  const auto is_matrix = [](const Layer& l) { return !l.weights.empty() && l.weights[0].shape.rank() == 2; };
  const auto last = std::find_if(model.layers.rbegin(), model.layers.rend(), is_matrix);
  return last == model.layers.rend() || model.find_input(last->inputs[0]) ? model.output : last->inputs[0];
}

PlanRequest feature_request(const Run& run, const FeatureKeys& keys) {
  PlanRequest request = folder_request(run, keys.folder);
  request.observe = {keys.feature_layer(run.model())};
  return request;
}

Rows FolderFeatures::rows(int64_t width) const {
  return {std::ssize(files), width, [this](int64_t i) { return store->features(row[static_cast<size_t>(i)]); }};
}

FolderFeatures folder_features(Run& run, Session& session, const FeatureKeys& keys) {
  const fs::path& folder = keys.folder.folder;
  const std::string layer = keys.feature_layer(run.model());
  const Shape shape = session.plan().values.at(layer).desc.shape;
  const fs::path path = keys.store.empty() ? default_store(run, layer) : keys.store;
  FolderFeatures features{.store =
                              std::make_unique<FeatureStore>(path, identity(run, layer), shape.elements() / shape.n())};
  const auto files = list_images(folder);
  const auto unknown = unknown_files(*features.store, folder, files);
  std::vector<BrokenFile> broken;
  {
    const SayOnInterrupt interrupted("viz_run: interrupted; the features so far are in " + path.string() +
                                     ", and the next run goes on from there");
    broken = scan_files(run, session, keys.folder, unknown, [&](const std::vector<ReadImage>& images) {
      features.store->add(folder, images, session.value(layer));
    });
  }
  report_broken(run, broken, files.size());
  for (const fs::path& file : files) {
    const auto row = features.store->find(folder, file);
    if (!row) continue;
    features.files.push_back(file);
    features.row.push_back(*row);
  }
  run.say(std::to_string(features.files.size()) + " images, " + std::to_string(unknown.size() - broken.size()) +
          " of them new to " + path.string());
  return features;
}

}  // namespace convlens::viz
