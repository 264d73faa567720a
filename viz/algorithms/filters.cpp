// filters: the weights of a convolution as pictures.
//
// A filter of the first layer has one plane per colour and is a small picture itself. Deeper filters have as many
// planes as the layer has input channels: each plane is a grey tile, a row for every filter, a column for every input.
// Depthwise filters have one plane each and fill a grid; those of 1 x 1 pixels are shown as their matrix, a row for
// every filter. Black and white are the least and greatest weight of a tile (or of a 1 x 1 filter's row), so tiles may
// not be compared in strength unless `scale` is "layer".
//
// Deeper weights mean little to the eye, as their inputs are no colours; the first layer shows edges and colour blobs,
// and noise where training did not need a filter.

#include <algorithm>

#include "kernels/base/error.h"
#include "kernels/base/params.h"
#include "viz/algorithm.h"
#include "viz/io/normalize.h"
#include "viz/io/tile.h"
#include "viz/layers.h"
#include "viz/preprocess.h"
#include "viz/run.h"
#include "weights/model_file.h"

namespace convlens::viz {
namespace {

enum class Scale { tile, layer };

class Filters final : public Algorithm {
 public:
  void describe(ParamVisitor& v) override {
    v.field({.name = "layer", .doc = "a convolution; by default the first"}, layer_);
    v.field({.name = "models", .doc = "folders of more models, whose first convolutions are shown beside"}, models_);
    v.choice<Scale>(
        {.name = "scale",
         .doc = "what black and white stand for: the least and greatest weight of each tile, or of the layer"},
        scale_, {{"tile", Scale::tile}, {"layer", Scale::layer}});
    v.field({.name = "gap", .doc = "pixels between tiles", .min = 0, .max = 16}, gap_);
    v.field({.name = "enlarge",
             .doc = "pixels a weight becomes (nearest neighbour); 0: as fits the page",
             .min = 0,
             .max = 64},
            enlarge_);
    v.field({.name = "max_filters", .doc = "filters shown", .min = 1}, max_filters_);
    v.field({.name = "max_inputs", .doc = "input channels shown of a deeper layer", .min = 1}, max_inputs_);
  }

  std::optional<PlanRequest> request(const Run&) const override { return std::nullopt; }

  void execute(Run& run, Session*) override {
    show(run, run.model(), chosen_layer(run.model()), "filters");
    for (size_t i = 0; i < models_.size(); ++i) {
      const auto model = read_model(models_[i]);
      show(run, *model, first_filters(*model), "filters-" + std::to_string(i + 2));
    }
  }

 private:
  void show(Run& run, const Model& model, const Layer& layer, const std::string& file) const {
    const Weight& weight = layer.weights[0];
    const Shape& s = weight.shape;
    const InputSpec* input = model.find_input(layer.inputs[0]);
    const bool colours = s.c() == 3 && input;
    const int64_t filters = std::min(s.n(), max_filters_);
    const int64_t inputs = colours ? 1 : std::min(s.c(), max_inputs_);
    const bool matrix = s.h() * s.w() == 1 && !colours && inputs > 1;
    std::vector<Image> tiles = colours  ? colour_tiles(weight, filters, *input)
                               : matrix ? rows(weight, filters, inputs)
                                        : grey_tiles(weight, filters, inputs);
    normalise(tiles);
    const int columns = matrix       ? 1
                        : inputs > 1 ? static_cast<int>(inputs)
                                     : square_columns(static_cast<int>(tiles.size()), tiles[0].height, tiles[0].width);
    const Image grid = tile_grid(tiles, columns, matrix ? 0 : static_cast<int>(gap_));
    const int fitting = (models_.empty() ? 768 : 384) / std::max(grid.width, grid.height);
    const int factor = enlarge_ ? static_cast<int>(enlarge_) : std::clamp(fitting, 1, 16);
    run.show(file, enlarge(grid, factor), model.name + ": " + caption(layer, filters, inputs, colours));
    run.figure(models_.empty() ? "weights" : "weights of " + model.name, layer.name + ", " + s.to_string());
    run.results["shown"].push_back({{"model", model.name},
                                    {"sha256", model.sha256},
                                    {"layer", layer.name},
                                    {"filters", filters},
                                    {"inputs", inputs}});
  }

  static const Layer& first_filters(const Model& model) {
    const auto it = std::ranges::find_if(model.layers, has_filters);
    if (it == model.layers.end()) throw InputError("the model '" + model.name + "' has no convolution");
    return *it;
  }

  const Layer& chosen_layer(const Model& model) const {
    if (layer_.empty()) return first_filters(model);
    const Layer& layer = model.layer(layer_);
    if (!has_filters(layer))
      throw InputError("the layer '" + layer.name + "' is a " + layer.op->name() + " and has no filters to show");
    return layer;
  }

  // A filter of 1 x 1 pixels as one row, a pixel an input.
  static std::vector<Image> rows(const Weight& weight, int64_t filters, int64_t inputs) {
    std::vector<Image> tiles;
    for (int64_t o = 0; o < filters; ++o) {
      Image row = make_image(1, 1, static_cast<int>(inputs));
      std::copy_n(weight.data.get() + o * weight.shape.c(), inputs, row.values.begin());
      tiles.push_back(std::move(row));
    }
    return tiles;
  }

  static std::vector<Image> colour_tiles(const Weight& weight, int64_t filters, const InputSpec& input) {
    Array all(weight.shape);
    std::copy_n(weight.data.get(), all.values.size(), all.values.begin());
    std::vector<Image> tiles;
    for (int64_t o = 0; o < filters; ++o) tiles.push_back(to_image(all, input, o));
    return tiles;
  }

  static std::vector<Image> grey_tiles(const Weight& weight, int64_t filters, int64_t inputs) {
    Array all(weight.shape);
    std::copy_n(weight.data.get(), all.values.size(), all.values.begin());
    std::vector<Image> tiles;
    for (int64_t o = 0; o < filters; ++o)
      for (int64_t i = 0; i < inputs; ++i) tiles.push_back(channel_image(all, i, o));
    return tiles;
  }

  void normalise(std::vector<Image>& tiles) const {
    const Range common = value_range(tiles);
    for (Image& tile : tiles) tile = scale_to_unit(tile, scale_ == Scale::layer ? common : value_range(tile));
  }

  static std::string caption(const Layer& layer, int64_t filters, int64_t inputs, bool colours) {
    const Shape& s = layer.weights[0].shape;
    std::string text = std::to_string(filters) + " of " + std::to_string(s[0]) + " filters of " + layer.name;
    if (!colours && s[1] > 1)
      text += ": a row for each, and in it " + std::to_string(inputs) + " of its " + std::to_string(s[1]) +
              " input channels";
    return text;
  }

  std::string layer_;
  std::vector<std::filesystem::path> models_;
  Scale scale_ = Scale::tile;
  int64_t gap_ = 1, enlarge_ = 0, max_filters_ = 512, max_inputs_ = 64;
};

const RegisterAlgorithm filters_registered({"filters", "the weights of a convolution as tiles",
                                            "Krizhevsky, Sutskever and Hinton 2012, figure 3",
                                            make_algorithm<Filters>});

}  // namespace
}  // namespace convlens::viz
