// style_transfer: the photo, painted like another picture.
//
// The picture x has the least of
//   content_weight * sum over content layers of mean (F(x) - F(photo))^2
//   + style_weight * sum over style layers of mean (G(x) - G(style))^2 + tv_weight * TV(x),
// F: a layer's features, G = F F^T / divisor their Gram matrix, which knows what occurs together and not where; TV: the
// total variation (Gatys, Ecker and Bethge, "Image Style Transfer Using Convolutional Neural Networks", 2016). Divisors
// and weights are those of Johnson's neural-style. Of several styles the Gram matrices are averaged. Without the style
// or without the content it is the paper's reconstruction of the other. Coarse to fine, each level begins with the one
// before, twice as large (Gatys et al., "Controlling Perceptual Factors in Neural Style Transfer", 2017).
//
// With masks each style r has a region of its own (section 4.1 there). The second sum is then
//   style_weight * sum over r and style layers of share_r * mean (G_r(x) - G_r(style))^2
// with guided Gram matrices, G_r = (T_r F) (T_r F)^T / divisor, where T_r is the mask on the layer's map, the mean of
// its squares 1. White masks give the gradient of the averaged matrices: the mean of squared distances is the squared
// distance from the mean, and a constant. What lies near a rim is seen by features on both sides of it; where no mask
// is white nothing is painted.
//
// It is made for VGG: its features are far better at this than those of later networks. Losses of runs with other
// weights, layers, sizes or divisors are not comparable.

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>

#include "kernels/base/error.h"
#include "kernels/base/params.h"
#include "kernels/base/sha256.h"
#include "viz/algorithm.h"
#include "viz/io/resize.h"
#include "viz/style/colour.h"
#include "viz/style/descent.h"
#include "viz/style/mask_keys.h"
#include "viz/style/style_keys.h"

namespace convlens::viz {
namespace {

enum class Start { content, noise };
enum class Colour { style, luminance, histogram };

using Grams = std::vector<Array>;  // by layer

class StyleTransfer final : public Algorithm {
 public:
  void describe(ParamVisitor& v) override {
    v.field({.name = "styles", .doc = "the pictures whose style it is"}, styles_);
    v.field({.name = "style_shares", .doc = "of each in the mixture; by default all the same", .min = 0}, shares_);
    v.field({.name = "style_scale", .doc = "longer edge of the style pictures, as a part of the result's", .min = 0.05},
            style_scale_);
    masks_.describe(v);
    gram_.describe(v);
    v.field({.name = "content_layers", .doc = "whose features are to stay the photo's"}, content_layers_);
    v.field({.name = "content_weight", .doc = "of the mean squared difference of such features", .min = 0},
            content_weight_);
    variation_.describe(v);
    v.choice<Start>({.name = "start", .doc = "from the photo, or from grey noise"}, start_,
                    {{"content", Start::content}, {"noise", Start::noise}});
    v.choice<Colour>({.name = "colour",
                      .doc = "style: the style's; luminance: the photo's, and the style changes brightness alone; "
                             "histogram: the style pictures are given the photo's colours first"},
                     colour_,
                     {{"style", Colour::style}, {"luminance", Colour::luminance}, {"histogram", Colour::histogram}});
    v.field({.name = "levels", .doc = "sizes from coarse to fine, each twice the one before", .min = 1, .max = 8},
            levels_);
    v.field({.name = "longer_edge",
             .doc = "of the result, in the photo's proportions, where there is no 'size'",
             .min = 16},
            longer_edge_);
    descent_.describe(v);
  }

  std::vector<Stage> stages(const Run& run) const override {
    check_keys();
    std::vector<Stage> stages;
    const Canvas whole = canvas_of(run, run.photo(), longer_edge_);
    for (int64_t level = 0; level < levels_; ++level) {
      PictureNetwork network(run, canvas_at(whole, level));
      std::vector<Array> content;
      for (const std::string& layer : content_layers_) content.emplace_back(network.features(layer));
      add_terms(run, network, content, std::vector<Grams>(styles_.size(), gram_.blank_targets(network)));
      std::ranges::move(network.stages(level_name(level), descent_.session_bytes(run, network.canvas())),
                        std::back_inserter(stages));
    }
    return stages;
  }

  std::map<std::string, std::string> more_inputs() const override {
    std::map<std::string, std::string> inputs = masks_.inputs();
    for (const auto& style : styles_) inputs["style " + style.filename().string()] = sha256_file(style);
    return inputs;
  }

  void execute(Run& run, Session*) override {
    check_keys();
    const Image& whole_photo = run.photo();
    const Canvas whole = canvas_of(run, whole_photo, longer_edge_);
    const Image shown_photo = covering(whole_photo, whole, run);
    run.show("photo", shown_photo, "the photo");
    Checkpoint checkpoint(run);
    Image picture;
    for (int64_t level = 0; level < levels_; ++level) {
      const Canvas canvas = canvas_at(whole, level);
      const Image content = content_at(run, whole_photo, canvas);
      PictureNetwork network(run, canvas);
      const auto bytes = descent_.session_bytes(run, canvas);
      const bool finest = level + 1 == levels_;
      add_terms(run, network, features_of(run, content, content_layers_, bytes), style_grams(run, content, finest));
      if (finest) show_masks(run, canvas);
      const Image start = level > 0                  ? resize(picture, content.height, content.width, Filter::bicubic)
                          : start_ == Start::content ? content
                                                     : noise(canvas, content.channels, run.keys().seed);
      picture = descend(run, checkpoint, level_name(level), descent_, network, start);
    }
    if (colour_ == Colour::luminance) picture = with_luminance(shown_photo, picture);
    run.show("result", clamp(picture), "the result");
  }

 private:
  void check_keys() const {
    if (styles_.empty() && gram_.weight > 0)
      throw InputError("style_transfer: 'styles' must name at least one picture, unless 'style_weight' is 0");
    require_one_each("style_shares", "number", shares_.size());
    require_one_each("masks", "picture", masks_.masks.size());
    require_one_each("style_masks", "picture", masks_.style_masks.size());
    if (!shares_.empty() && !(share_sum() > 0))
      throw InputError("style_transfer: one of 'style_shares' must be above 0");
  }

  void require_one_each(const std::string& key, const std::string& what, size_t found) const {
    if (found > 0 && found != styles_.size())
      throw InputError("style_transfer: '" + key + "' must have a " + what + " for each of the " +
                       std::to_string(styles_.size()) + " pictures of 'styles', found " + std::to_string(found));
  }

  // All of them make 1.
  double share(size_t style) const { return unscaled_share(style) / share_sum(); }

  double unscaled_share(size_t style) const { return shares_.empty() ? 1 : shares_[style]; }

  double share_sum() const {
    double sum = 0;
    for (size_t i = 0; i < styles_.size(); ++i) sum += unscaled_share(i);
    return sum;
  }

  Canvas canvas_at(const Canvas& whole, int64_t level) const {
    return whole.scaled(std::ldexp(1.0, static_cast<int>(level - levels_ + 1)));
  }

  std::string level_name(int64_t level) const {
    return levels_ == 1 ? "transfer" : "level " + std::to_string(level + 1);
  }

  Image content_at(const Run& run, const Image& photo, const Canvas& canvas) const {
    const Image content = covering(photo, canvas, run);
    return colour_ == Colour::luminance ? luminance(content) : content;
  }

  Image style_at(const Run& run, size_t style, const Image& content) const {
    const double edge = style_scale_ * std::max(content.height, content.width);
    const Image picture = scaled_to(read_image(styles_[style]), std::llround(edge), run);
    switch (colour_) {
      case Colour::style: break;
      case Colour::luminance: return with_colours_of(content, luminance(picture));
      case Colour::histogram: return with_colours_of(content, picture);
    }
    return picture;
  }

  // Of each style.
  std::vector<Grams> style_grams(Run& run, const Image& content, bool shown) const {
    std::vector<Grams> grams;
    const auto bytes = descent_.session_bytes(run, {content.height, content.width});
    for (size_t style = 0; style < styles_.size() && gram_.weight > 0; ++style) {
      const Image picture = style_at(run, style, content);
      if (shown)
        run.show("style-" + std::to_string(style + 1), picture, "style: " + styles_[style].filename().string());
      if (masks_.style_masks.empty()) {
        grams.push_back(grams_of(run, picture, gram_.layers, gram_.divisor, bytes));
      } else {
        const Image mask =
            read_mask(masks_.style_masks[style], read_image(styles_[style]), {picture.height, picture.width});
        if (shown) run.show("style_mask-" + std::to_string(style + 1), mask, "where that style is taken from");
        grams.push_back(guided_grams_of(run, picture, mask, gram_.layers, gram_.divisor, bytes));
      }
    }
    return grams;
  }

  Grams mean(const std::vector<Grams>& styles) const {
    Grams mean;
    for (const Array& gram : styles.at(0)) mean.emplace_back(gram.shape);
    for (size_t style = 0; style < styles.size(); ++style) {
      const auto part = static_cast<float>(share(style));
      for (size_t i = 0; i < mean.size(); ++i)
        for (size_t k = 0; k < mean[i].values.size(); ++k) mean[i].values[k] += part * styles[style][i].values[k];
    }
    return mean;
  }

  void add_terms(const Run& run, PictureNetwork& network, const std::vector<Array>& content,
                 const std::vector<Grams>& styles) const {
    for (size_t i = 0; i < content.size(); ++i)
      network.add_distance("content " + content_layers_[i], content_layers_[i], content[i], content_weight_);
    add_style_terms(run, network, styles);
    variation_.add_term(network);
  }

  void add_style_terms(const Run& run, PictureNetwork& network, const std::vector<Grams>& styles) const {
    if (styles.empty()) return;
    if (masks_.masks.empty()) return gram_.add_terms(network, mean(styles));
    for (size_t style = 0; style < styles.size(); ++style)
      gram_.add_guided_terms(network, std::to_string(style + 1), mask_at(run, style, network.canvas()), styles[style],
                             share(style));
  }

  Image mask_at(const Run& run, size_t style, const Canvas& canvas) const {
    return read_mask(masks_.masks[style], run.photo(), canvas);
  }

  void show_masks(Run& run, const Canvas& canvas) const {
    for (size_t style = 0; style < masks_.masks.size(); ++style)
      run.show("mask-" + std::to_string(style + 1), mask_at(run, style, canvas),
               "where " + styles_[style].filename().string() + " is painted");
  }

  std::vector<std::filesystem::path> styles_;
  std::vector<double> shares_;
  double style_scale_ = 1;
  MaskKeys masks_;
  GramKeys gram_;
  std::vector<std::string> content_layers_{"relu4_2"};
  double content_weight_ = 5;
  VariationKeys variation_{1e-3};
  Start start_ = Start::content;
  Colour colour_ = Colour::style;
  int64_t levels_ = 1, longer_edge_ = 512;
  DescentKeys descent_{500};
};

const RegisterAlgorithm style_transfer_registered({"style_transfer", "the photo, painted like another picture",
                                                   "Gatys, Ecker and Bethge 2016, arXiv:1508.06576",
                                                   make_algorithm<StyleTransfer>});

}  // namespace
}  // namespace convlens::viz
