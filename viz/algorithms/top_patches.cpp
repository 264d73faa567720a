// top_patches: what a channel answers to most.
//
// Of all images of a folder those are kept in which a unit of the channel has its greatest activation, at most one
// place an image, and of each the part that this unit sees: its receptive field, exactly, from the graph (Zeiler and
// Fergus, "Visualizing and Understanding Convolutional Networks", 2014, figure 2; Girshick et al., "Rich feature
// hierarchies", 2014, figure 4). Beside each, on request, the gradient of the unit to those pixels through guided ReLUs
// (Springenberg et al., "Striving for Simplicity", 2015): which of them drive it.
//
// It tells what a channel likes best of what the folder holds: other images, other favourites. It does not tell what
// else the channel answers to a little less, which may be something quite different; nor, as neighbouring pixels of a
// photo go together, which part of the crop matters, for which the gradients are there.

#include <algorithm>
#include <map>

#include "engine/graph_regions.h"
#include "kernels/base/error.h"
#include "kernels/base/params.h"
#include "viz/algorithm.h"
#include "viz/io/crop.h"
#include "viz/io/normalize.h"
#include "viz/io/tile.h"
#include "viz/preprocess.h"
#include "viz/run.h"
#include "viz/scan/folder_scan.h"
#include "viz/text.h"

namespace convlens::viz {
namespace {

/// A unit of a channel in an image of the folder.
struct Hit {
  std::filesystem::path file;
  int64_t y, x;
  float activation;
};

// The strongest unit of channel `c` in image `n`.
Hit strongest_unit(const Array& value, int64_t n, int64_t c, const std::filesystem::path& file) {
  const Shape& s = value.shape;
  const auto begin = value.values.begin() + (n * s.c() + c) * s.h() * s.w();
  const auto place = std::max_element(begin, begin + s.h() * s.w()) - begin;
  return {file, place / s.w(), place % s.w(), begin[place]};
}

class TopPatches final : public Algorithm {
 public:
  void describe(ParamVisitor& v) override {
    keys_.describe(v);
    v.field({.name = "layer",
             .doc = "whose channels; by default the deepest ReLU whose units see at most a quarter of the image"},
            layer_);
    v.field({.name = "channels", .doc = "which; by default six, spread over the layer", .min = 0}, channels_);
    v.field({.name = "top", .doc = "patches a channel", .min = 1, .max = 1024}, top_);
    v.field({.name = "guided", .doc = "show the guided gradient of each patch beside it"}, guided_);
  }

  std::optional<PlanRequest> request(const Run& run) const override {
    PlanRequest request = folder_request(run, keys_);
    request.observe = {chosen_layer(run.model(), regions_of(run))};
    return request;
  }

  void execute(Run& run, Session* session) override {
    const GraphRegions regions = regions_of(run);
    const std::string layer = chosen_layer(run.model(), regions);
    std::map<int64_t, std::vector<Hit>> best;
    for (const int64_t channel : chosen_channels(layer, regions.shape(layer))) best[channel];
    scan_folder(run, *session, keys_, [&](const std::vector<ReadImage>& images) {
      const Array value = session->value(layer);
      for (auto& [channel, hits] : best)
        for (size_t n = 0; n < images.size(); ++n)
          keep_best(hits, strongest_unit(value, static_cast<int64_t>(n), channel, images[n].file));
    });
    const auto gradients = guided_ ? gradient_session(run, layer) : nullptr;
    for (const auto& [channel, hits] : best) show_channel(run, regions, gradients.get(), layer, channel, hits);
    run.figure("layer", layer);
    const Region field = full_field(run, regions, layer);
    run.figure("receptive field", std::to_string(field.y.size()) + " x " + std::to_string(field.x.size()) + " pixels");
    run.results["layer"] = layer;
    run.say("the patches that " + std::to_string(best.size()) + " channels of " + layer + " answer to most");
  }

 private:
  static GraphRegions regions_of(const Run& run) {
    const ViewSize size = view_size(run);
    return GraphRegions(run.model(), {{run.input_name(), {1, size.input.shape.c(), size.height, size.width}}});
  }

  // What a unit in the middle of the map sees, which is as much as any.
  static Region full_field(const Run& run, const GraphRegions& regions, const std::string& layer) {
    const Shape& s = regions.shape(layer);
    return regions.receptive_field(layer, unit_at(s.h() / 2, s.w() / 2), run.input_name());
  }

  std::string chosen_layer(const Model& model, const GraphRegions& regions) const {
    if (!layer_.empty()) return model.layer(layer_).name;
    const std::string& image = model.image_input().name;
    const int64_t pixels = whole_map(regions.shape(image)).area();
    std::string last, first;
    for (const Layer& layer : model.layers) {
      const Shape& s = regions.shape(layer.name);
      if (!layer.op->as_activation(*layer.params)) continue;
      if (first.empty()) first = layer.name;
      if (4 * regions.receptive_field(layer.name, unit_at(s.h() / 2, s.w() / 2), image).area() <= pixels)
        last = layer.name;
    }
    if (first.empty()) throw InputError("the model '" + model.name + "' has no ReLU: name the 'layer' to show");
    return last.empty() ? first : last;
  }

  std::vector<int64_t> chosen_channels(const std::string& layer, const Shape& shape) const {
    for (const int64_t channel : channels_)
      if (channel >= shape.c())
        throw InputError("'channels' must be below the " + std::to_string(shape.c()) + " channels of layer '" + layer +
                         "', found " + std::to_string(channel));
    if (!channels_.empty()) return channels_;
    std::vector<int64_t> spread;
    const int64_t count = std::min<int64_t>(6, shape.c());
    for (int64_t i = 0; i < count; ++i) spread.push_back(i * shape.c() / count);
    return spread;
  }

  // The strongest first; of equals the one that came first.
  void keep_best(std::vector<Hit>& hits, Hit hit) const {
    const auto at = std::ranges::upper_bound(hits, hit.activation, std::ranges::greater{}, &Hit::activation);
    hits.insert(at, std::move(hit));
    if (std::ssize(hits) > top_) hits.pop_back();
  }

  static std::unique_ptr<Session> gradient_session(const Run& run, const std::string& layer) {
    PlanRequest request{.device = run.device(), .losses = {layer}, .gradients = {run.input_name()}};
    const ViewSize size = view_size(run);
    request.input_shapes[run.input_name()] = {1, size.input.shape.c(), size.height, size.width};
    return std::make_unique<Session>(run.model(), request);
  }

  static Image guided_gradient(const Run& run, Session& session, const std::string& layer, int64_t channel,
                               const Hit& hit, const Image& view) {
    session.set_input(run.input_name(), to_tensor(view, run.model().image_input()));
    session.forward();
    const Loss losses[] = {neuron(layer, channel, hit.y, hit.x)};
    session.backward(losses, BackwardMode::guided);
    return to_image(session.gradient(run.input_name()), run.model().image_input());
  }

  // A crop of `field` at its place in a full field: where that reaches over an edge of the image, there is nothing to
  // show.
  static Image placed(const Image& part, const Region& field, const Region& full) {
    const auto before = [](const IndexRange& seen, const IndexRange& all) {
      return seen.begin == 0 ? static_cast<int>(all.size() - seen.size()) : 0;
    };
    Image tile = make_image(part.channels, static_cast<int>(full.y.size()), static_cast<int>(full.x.size()), 0.75F);
    const int top = before(field.y, full.y), left = before(field.x, full.x);
    for (int c = 0; c < part.channels; ++c)
      for (int y = 0; y < part.height; ++y) std::ranges::copy(part.row(c, y), tile.row(c, top + y).begin() + left);
    return tile;
  }

  void show_channel(Run& run, const GraphRegions& regions, Session* gradients, const std::string& layer,
                    int64_t channel, const std::vector<Hit>& hits) const {
    const ViewSize size = view_size(run);
    const Region full = full_field(run, regions, layer);
    std::vector<Image> patches, guided;
    Json list = Json::array();
    for (const Hit& hit : hits) {
      const Region field = regions.receptive_field(layer, unit_at(hit.y, hit.x), run.input_name());
      const Image view = network_view(read_image(keys_.folder / hit.file), size.input, size.height, size.width);
      patches.push_back(placed(crop(view, field), field, full));
      if (gradients) {
        const Image gradient = crop(guided_gradient(run, *gradients, layer, channel, hit, view), field);
        guided.push_back(placed(signed_to_unit_range(gradient, 99.5), field, full));
      }
      list.push_back({{"file", hit.file.generic_string()},
                      {"position", {hit.y, hit.x}},
                      {"activation", hit.activation},
                      {"rows", {field.y.begin, field.y.end}},
                      {"columns", {field.x.begin, field.x.end}}});
    }
    const std::string name = "channel" + std::to_string(channel);
    show_tiles(run, name, patches,
               layer + ", channel " + std::to_string(channel) + ": its strongest patches, " +
                   fixed(hits.front().activation, 2) + " to " + fixed(hits.back().activation, 2));
    if (gradients) show_tiles(run, name + "_guided", guided, "guided gradients of the same, each on its own scale");
    run.results["channels"].push_back({{"channel", channel}, {"patches", list}});
  }

  static void show_tiles(Run& run, const std::string& name, const std::vector<Image>& tiles,
                         const std::string& caption) {
    const Image grid =
        tile_grid(tiles, square_columns(static_cast<int>(tiles.size()), tiles[0].height, tiles[0].width), 2);
    run.show(name, enlarge(grid, std::clamp(448 / grid.width, 1, 8)), caption);
  }

  FolderKeys keys_;
  std::string layer_;
  std::vector<int64_t> channels_;
  int64_t top_ = 9;
  bool guided_ = true;
};

const RegisterAlgorithm top_patches_registered({"top_patches", "the patches of a folder that channels answer to most",
                                                "Zeiler and Fergus 2014, arXiv:1311.2901", make_algorithm<TopPatches>});

}  // namespace
}  // namespace convlens::viz
