// filters: the weights of a convolution as pictures.
//
// A filter of the first layer has one plane per colour and is a small picture itself. Deeper filters have as many
// planes as the layer has input channels: each plane is a grey tile, a row for every filter, a column for every input.
// Deeper weights mean little to the eye, as their inputs are no colours; the first layer shows edges and colour blobs.

#include <algorithm>

#include "kernels/base/error.h"
#include "viz/algorithm.h"
#include "viz/io/normalize.h"
#include "viz/io/tile.h"
#include "viz/preprocess.h"
#include "viz/run.h"

namespace convlens::viz {
namespace {

enum class Scale { tile, layer };

class Filters final : public Algorithm {
 public:
  void describe(ParamVisitor& v) override {
    v.field({.name = "layer", .doc = "a convolution; by default the first"}, layer_);
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
    const Layer& layer = chosen_layer(run.model());
    const Weight& weight = layer.weights[0];
    const bool colours = weight.shape[1] == 3 && layer.inputs[0] == run.input_name();
    const int64_t filters = std::min(weight.shape[0], max_filters_);
    const int64_t inputs = colours ? 1 : std::min(weight.shape[1], max_inputs_);
    std::vector<Image> tiles =
        colours ? colour_tiles(weight, filters, run.model().image_input()) : grey_tiles(weight, filters, inputs);
    normalise(tiles);
    const int columns = inputs > 1 ? static_cast<int>(inputs)
                                   : square_columns(static_cast<int>(tiles.size()), tiles[0].height, tiles[0].width);
    const Image grid = tile_grid(tiles, columns, static_cast<int>(gap_));
    const int factor = enlarge_ ? static_cast<int>(enlarge_) : std::clamp(768 / grid.width, 1, 16);
    run.show("filters", enlarge(grid, factor), caption(layer, filters, inputs, colours));
    run.figure("layer", layer.name);
    run.figure("weights", weight.shape.to_string());
    run.results = {{"layer", layer.name}, {"shown", tiles.size()}};
  }

 private:
  const Layer& chosen_layer(const Model& model) const {
    const auto has_filters = [](const Layer& l) { return !l.weights.empty() && l.weights[0].shape.rank() == 4; };
    if (layer_.empty()) {
      const auto it = std::ranges::find_if(model.layers, has_filters);
      if (it == model.layers.end()) throw InputError("the model '" + model.name + "' has no convolution");
      return *it;
    }
    const Layer& layer = model.layer(layer_);
    if (!has_filters(layer))
      throw InputError("the layer '" + layer.name + "' is a " + layer.op->name() + " and has no filters to show");
    return layer;
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
  Scale scale_ = Scale::tile;
  int64_t gap_ = 1, enlarge_ = 0, max_filters_ = 512, max_inputs_ = 64;
};

const RegisterAlgorithm registered({"filters", "the weights of a convolution as tiles",
                                    "Krizhevsky, Sutskever and Hinton 2012, figure 3", make_algorithm<Filters>});

}  // namespace
}  // namespace convlens::viz
