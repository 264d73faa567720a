#pragma once

#include <span>
#include <string>

#include "engine/array.h"
#include "engine/model.h"

namespace convlens::viz {

/// The layer of adaptive_style_network where photo and style meet.
inline constexpr const char* adain_layer = "AdaIN";

/// Features of an encoder that a decoder reads, divided by their usual size, so that it need not learn that.
struct DecodedFeatures {
  std::string layer;
  double scale;
};

/// A network that paints a photo in the style of any picture (Huang and Belongie, "Arbitrary Style Transfer in
/// Real-time with Adaptive Instance Normalization", 2017, arXiv:1703.06868, equations 8 and 9):
///
///     image ---- content/ encoder ---- layer ----+
///                                              AdaIN / scale ---- decoder ---- picture
///     style ---- style/ encoder ------ layer ----+
///
/// Both images are N x 3 x H x W, RGB 0..1, each of a size of its own, `size` x `size` unless told; the picture is as
/// `image`. AdaIN's variances are divided by the number of pixels, as instance_norm's are. Throws InputError where the
/// decoder's one input has not the layer's channels, or its result is no such picture.
Model adaptive_style_network(const Model& encoder, const DecodedFeatures& features, const Model& decoder, int64_t size);

/// The decoder of such a network, to be trained further; of any other network all of it.
Model decoder_of(const Model& network);

/// Such a network in its parts. Mean M and deviation D of a style's features are all that AdaIN knows of the style, so
/// that they are found once and then are the shift and scale of a norm.
class AdaptiveStyle {
 public:
  /// The network must live as long. Throws InputError for another one.
  explicit AdaptiveStyle(const Model& network);

  /// Whether there is an adaptive_instance_norm in it.
  static bool is(const Model& network);

  const InputSpec& style_input() const { return statistics_.inputs[0]; }
  /// From a picture of style to M and D, 1 x 2C x 1 x 1.
  const Model& statistics_network() const { return statistics_; }

  /// A network of S styles that are mixed by shares w_s of sum 1, an input N x S x 1 x 1 (section 6.3 of the paper):
  ///   picture = decoder((1 - alpha) x + alpha sum of w_s AdaIN(x, style s)),   x: the photo's features
  ///   sum of w_s AdaIN(x, style s) = (sum of w_s D_s) (x - mean) / deviation + sum of w_s M_s
  /// so that the second is a conditional_instance_norm. `statistics`: of each style, as the other network gives them.
  Model painter(std::span<const Array> statistics, double alpha) const;

 private:
  const Layer& layer_;  // of AdaIN
  Model statistics_, content_, decoder_;
};

}  // namespace convlens::viz
