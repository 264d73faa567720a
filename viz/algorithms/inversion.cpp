// inversion: what a layer still knows of the photo.
//
// From noise, for each layer by itself, the picture x of least
//   feature_weight * |F(x) - F(photo)|^2 / |F(photo)|^2 + tv_weight * TV(x) / (H W V^beta)
//   + norm_weight * sum |x|^alpha / (H W B^alpha),
// F: the layer's features; TV: the total variation of exponent beta; x in grey levels from the network's mean, B = 80
// and V = B / 6.5 being what is usual there (Mahendran and Vedaldi, "Understanding Deep Image Representations by
// Inverting Them", 2015, and "Visualizing Deep Convolutional Neural Networks Using Natural Pre-images", 2016).
//
// Many pictures have such features: what looks alike to the layer and unlike to us is as much a result as what the
// picture shows. How natural it looks is the work of the last two terms.

#include <algorithm>
#include <cmath>
#include <iterator>

#include "kernels/base/error.h"
#include "kernels/base/params.h"
#include "viz/algorithm.h"
#include "viz/file_name.h"
#include "viz/io/tile.h"
#include "viz/style/descent.h"
#include "viz/text.h"

namespace convlens::viz {
namespace {

class Inversion final : public Algorithm {
 public:
  void describe(ParamVisitor& v) override {
    v.field({.name = "layers", .doc = "each is inverted by itself", .required = true}, layers_);
    v.field({.name = "feature_weight", .doc = "of the features' relative squared distance", .min = 0}, feature_weight_);
    v.field({.name = "tv_weight", .doc = "of the total variation", .min = 0}, variation_weight_);
    v.field({.name = "beta", .doc = "exponent of the total variation", .min = 1}, beta_);
    v.field({.name = "norm_weight", .doc = "of the alpha-norm, which keeps pixels in range", .min = 0}, norm_weight_);
    v.field({.name = "alpha", .doc = "exponent of that norm", .min = 1}, alpha_);
    v.field({.name = "longer_edge",
             .doc = "of the result, in the photo's proportions, where there is no 'size'",
             .min = 16},
            longer_edge_);
    descent_.describe(v);
  }

  std::vector<Stage> stages(const Run& run) const override {
    std::vector<Stage> stages;
    for (const std::string& layer : layers_) {
      PictureNetwork network(run, canvas(run));
      add_terms(network, layer, Array(network.features(layer), 1));
      std::ranges::move(network.stages(layer, descent_.session_bytes(run, network.canvas())),
                        std::back_inserter(stages));
    }
    return stages;
  }

  void execute(Run& run, Session*) override {
    if (layers_.empty()) throw InputError("inversion: 'layers' must name at least one layer");
    const auto bytes = descent_.session_bytes(run, canvas(run));
    const Image view = covering(run.photo(), canvas(run), run);
    run.show("photo", view, "the photo");
    Checkpoint checkpoint(run);
    Table table{.caption = "How far each picture is from the photo",
                .header = {"layer", "features, relative", "pixels, grey levels"}};
    std::vector<Image> shown{view};
    for (const std::string& layer : layers_) {
      const Array target = features_of(run, view, {layer}, bytes)[0];
      PictureNetwork network(run, canvas(run));
      add_terms(network, layer, target);
      const Image start = noise(canvas(run), view.channels, run.keys().seed);
      shown.push_back(clamp(descend(run, checkpoint, layer, descent_, network, start)));
      run.show(file_name(layer), shown.back(), "from " + layer);
      report(run, table, layer, distance(features_of(run, shown.back(), {layer}, bytes)[0], target),
             pixel_distance(shown.back(), view));
    }
    run.show("all", tile_grid(shown, static_cast<int>(shown.size()), 4), "the photo, then from each layer");
    run.section().tables.push_back(std::move(table));
  }

 private:
  Canvas canvas(const Run& run) const { return canvas_of(run, run.photo(), longer_edge_); }

  void add_terms(PictureNetwork& network, const std::string& layer, const Array& target) const {
    network.add_relative_distance("features", layer, target, feature_weight_);
    network.add_usual_variation("variation", beta_, variation_weight_);
    network.add_usual_norm("norm", alpha_, norm_weight_);
  }

  static double distance(Array found, const Array& target) {
    for (size_t i = 0; i < found.values.size(); ++i) found.values[i] -= target.values[i];
    return std::sqrt(squares_of(found) / squares_of(target));
  }

  // The root of the mean square.
  static double pixel_distance(const Image& a, const Image& b) {
    double sum = 0;
    for (size_t i = 0; i < a.values.size(); ++i) sum += std::pow(a.values[i] - b.values[i], 2);
    return 255 * std::sqrt(sum / static_cast<double>(a.values.size()));
  }

  static void report(Run& run, Table& table, const std::string& layer, double features, double pixels) {
    table.rows.push_back({layer, fixed(features, 4), fixed(pixels, 1)});
    run.results["distances"][layer] = {{"features", features}, {"pixels", pixels}};
    run.say(layer + ": features off by " + percent(features) + ", pixels by " + fixed(pixels, 1) + " grey levels");
  }

  std::vector<std::string> layers_;
  double feature_weight_ = 100, variation_weight_ = 1, beta_ = 2, norm_weight_ = 1, alpha_ = 6;
  int64_t longer_edge_ = 224;
  DescentKeys descent_{200};
};

const RegisterAlgorithm inversion_registered({"inversion", "what each layer still knows of the photo",
                                              "Mahendran and Vedaldi 2015, arXiv:1412.0035",
                                              make_algorithm<Inversion>});

}  // namespace
}  // namespace convlens::viz
