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
// It is made for VGG: its features are far better at this than those of later networks. Losses of runs with other
// weights, layers, sizes or divisors are not comparable.

#include <cmath>
#include <numeric>

#include "kernels/base/error.h"
#include "kernels/base/params.h"
#include "kernels/base/sha256.h"
#include "viz/algorithm.h"
#include "viz/io/resize.h"
#include "viz/style/colour.h"
#include "viz/style/descent.h"
#include "viz/style/style_keys.h"

namespace convlens::viz {
namespace {

enum class Start { content, noise };
enum class Colour { style, luminance, histogram };

class StyleTransfer final : public Algorithm {
 public:
  void describe(ParamVisitor& v) override {
    v.field({.name = "styles", .doc = "the pictures whose style it is"}, styles_);
    v.field({.name = "style_shares", .doc = "of each in the mixture; by default all the same", .min = 0}, shares_);
    v.field({.name = "style_scale", .doc = "longer edge of the style pictures, as a part of the result's", .min = 0.05},
            style_scale_);
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
    std::vector<Stage> stages;
    const Canvas whole = canvas_of(run, run.photo(), longer_edge_);
    for (int64_t level = 0; level < levels_; ++level) {
      PictureNetwork network(run, canvas_at(whole, level));
      std::vector<Array> content;
      for (const std::string& layer : content_layers_) content.emplace_back(network.features(layer));
      add_terms(network, content, gram_.blank_targets(network));
      stages.push_back(network.stage(level_name(level)));
    }
    return stages;
  }

  std::map<std::string, std::string> more_inputs() const override {
    std::map<std::string, std::string> inputs;
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
      add_terms(network, features_of(run, content, content_layers_), style_targets(run, content, level + 1 == levels_));
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
    if (!shares_.empty() && shares_.size() != styles_.size())
      throw InputError("style_transfer: 'style_shares' must have a number for each of the " +
                       std::to_string(styles_.size()) + " pictures of 'styles', found " +
                       std::to_string(shares_.size()));
    if (!shares_.empty() && !(share_sum() > 0))
      throw InputError("style_transfer: one of 'style_shares' must be above 0");
  }

  double share(size_t style) const { return shares_.empty() ? 1 : shares_[style]; }

  double share_sum() const {
    double sum = 0;
    for (size_t i = 0; i < styles_.size(); ++i) sum += share(i);
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

  // The weighted mean of all styles' Gram matrices.
  std::vector<Array> style_targets(Run& run, const Image& content, bool shown) const {
    std::vector<Array> targets;
    for (size_t style = 0; style < styles_.size() && gram_.weight > 0; ++style) {
      const Image picture = style_at(run, style, content);
      if (shown)
        run.show("style-" + std::to_string(style + 1), picture, "style: " + styles_[style].filename().string());
      const auto part = static_cast<float>(share(style) / share_sum());
      const std::vector<Array> grams = grams_of(run, picture, gram_.layers, gram_.divisor);
      for (const Array& gram : grams)
        if (style == 0) targets.emplace_back(gram.shape);
      for (size_t i = 0; i < grams.size(); ++i)
        for (size_t k = 0; k < grams[i].values.size(); ++k) targets[i].values[k] += part * grams[i].values[k];
    }
    return targets;
  }

  void add_terms(PictureNetwork& network, const std::vector<Array>& content, const std::vector<Array>& style) const {
    for (size_t i = 0; i < content.size(); ++i)
      network.add_distance("content " + content_layers_[i], content_layers_[i], content[i], content_weight_);
    gram_.add_terms(network, style);
    variation_.add_term(network);
  }

  std::vector<std::filesystem::path> styles_;
  std::vector<double> shares_;
  double style_scale_ = 1;
  GramKeys gram_;
  std::vector<std::string> content_layers_{"relu4_2"};
  double content_weight_ = 5;
  VariationKeys variation_{1e-3};
  Start start_ = Start::content;
  Colour colour_ = Colour::style;
  int64_t levels_ = 1, longer_edge_ = 512;
  DescentKeys descent_{500};
};

const RegisterAlgorithm registered({"style_transfer", "the photo, painted like another picture",
                                    "Gatys, Ecker and Bethge 2016, arXiv:1508.06576", make_algorithm<StyleTransfer>});

}  // namespace
}  // namespace convlens::viz
