// activations: what each channel of a layer answers to the photo.
//
// A layer's value for one image is C maps of H x W numbers. All of them as a grid of tiles, each on its own scale, and
// the channels with the greatest mean answer enlarged over the photo (Yosinski et al., "Understanding Neural Networks
// Through Deep Visualization", 2015), brought to its size bilinearly.
//
// As every tile has its own scale, a channel that hardly answers looks as lively as one that does: the mean in the
// caption tells them apart. A bright place says that the channel answered there, not that the answer mattered to the
// class.

#include <algorithm>
#include <numeric>

#include "kernels/base/error.h"
#include "kernels/base/params.h"
#include "viz/algorithm.h"
#include "viz/file_name.h"
#include "viz/io/normalize.h"
#include "viz/io/overlay.h"
#include "viz/io/tile.h"
#include "viz/preprocess.h"
#include "viz/run.h"
#include "viz/text.h"

namespace convlens::viz {
namespace {

class Activations final : public Algorithm {
 public:
  void describe(ParamVisitor& v) override {
    v.field({.name = "layers", .doc = "layers to show; by default four, spread over the depth of the network"},
            layers_);
    v.field({.name = "strongest", .doc = "channels of each layer enlarged over the photo", .min = 0, .max = 64},
            strongest_);
    v.field({.name = "max_channels", .doc = "channels in the grid", .min = 1}, max_channels_);
    v.choice({.name = "color_map", .doc = "of the maps"}, color_map_, {"grey", "viridis", "inferno", "turbo"});
    v.field({.name = "alpha", .doc = "opacity of a map over the photo", .min = 0, .max = 1}, alpha_);
  }

  std::optional<PlanRequest> request(const Run& run) const override {
    PlanRequest request = run.base_request();
    request.observe = shown_layers(run.model());
    return request;
  }

  void execute(Run& run, Session* session) override {
    session->set_input(run.input_name(), run.tensor());
    session->forward();
    run.show("image", run.view(), "the photo as the network sees it");
    for (const std::string& layer : shown_layers(run.model())) show_layer(run, layer, session->value(layer));
  }

 private:
  std::vector<std::string> shown_layers(const Model& model) const {
    if (!layers_.empty()) return layers_;
    std::vector<std::string> convolutional;
    for (const Layer& layer : model.layers)
      if (layer.op->as_activation(*layer.params)) convolutional.push_back(layer.name);
    if (convolutional.empty())
      throw InputError("the model '" + model.name + "' has no ReLU: name the 'layers' to show");
    std::vector<std::string> spread;
    for (size_t i = 0; i < 4; ++i) spread.push_back(convolutional[i * (convolutional.size() - 1) / 3]);
    spread.erase(std::unique(spread.begin(), spread.end()), spread.end());
    return spread;
  }

  void show_layer(Run& run, const std::string& layer, const Array& value) const {
    const std::string file = file_name(layer);
    run.save(file, value);
    const int64_t channels = std::min(value.shape.c(), max_channels_);
    std::vector<Image> tiles;
    for (int64_t c = 0; c < channels; ++c)
      tiles.push_back(apply(color_map_by_name(color_map_), to_unit_range_clipped(channel_image(value, c), 100)));
    const Image grid = tile_grid(tiles, square_columns(static_cast<int>(channels), tiles[0].height, tiles[0].width));
    run.show(file, enlarge(grid, std::clamp(768 / grid.width, 1, 16)),
             layer + ": " + std::to_string(channels) + " of " + std::to_string(value.shape.c()) + " channels of " +
                 std::to_string(value.shape.h()) + " x " + std::to_string(value.shape.w()));
    if (value.shape.h() * value.shape.w() > 1) show_strongest(run, layer, value);
  }

  void show_strongest(Run& run, const std::string& layer, const Array& value) const {
    const int64_t plane = value.shape.h() * value.shape.w();
    std::vector<double> mean(static_cast<size_t>(value.shape.c()));
    for (size_t c = 0; c < mean.size(); ++c) {
      const auto begin = value.values.begin() + static_cast<int64_t>(c) * plane;
      mean[c] = std::accumulate(begin, begin + plane, 0.0) / static_cast<double>(plane);
    }
    std::vector<size_t> order(mean.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::ranges::stable_sort(order, std::ranges::greater{}, [&](size_t c) { return mean[c]; });
    order.resize(std::min(order.size(), static_cast<size_t>(strongest_)));
    for (const size_t c : order) {
      const Image map = to_unit_range_clipped(channel_image(value, static_cast<int64_t>(c)), 100);
      run.show(file_name(layer) + "_channel" + std::to_string(c),
               overlay(run.view(), map, color_map_by_name(color_map_), static_cast<float>(alpha_)),
               layer + ", channel " + std::to_string(c) + ", mean " + fixed(mean[c], 3));
      run.results[layer].push_back({{"channel", c}, {"mean", mean[c]}});
    }
  }

  std::vector<std::string> layers_;
  int64_t strongest_ = 4, max_channels_ = 256;
  std::string color_map_ = "viridis";
  double alpha_ = 0.6;
};

const RegisterAlgorithm activations_registered({"activations", "a layer's feature maps for one photo",
                                                "Yosinski et al. 2015, arXiv:1506.06579", make_algorithm<Activations>});

}  // namespace
}  // namespace convlens::viz
