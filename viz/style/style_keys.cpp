#include "viz/style/style_keys.h"

#include "kernels/base/params.h"

namespace convlens::viz {

void GramKeys::describe(ParamVisitor& v) {
  v.field({.name = "style_layers", .doc = "whose Gram matrices are to be the style's"}, layers);
  v.field({.name = "style_weight", .doc = "of the mean squared difference of each such matrix", .min = 0}, weight);
  v.choice({.name = "gram_divisor", .doc = "what a Gram matrix is divided by: C*H*W, H*W, or nothing"}, divisor,
           {"chw", "hw", "none"});
}

void GramKeys::add_terms(PictureNetwork& network, const std::vector<Array>& targets) const {
  for (size_t i = 0; i < layers.size() && weight > 0; ++i)
    network.add_gram_distance("style " + layers[i], layers[i], targets[i], divisor, weight);
}

void GramKeys::add_guided_terms(PictureNetwork& network, const std::string& name, const Image& mask,
                                const std::vector<Array>& targets, double share) const {
  for (size_t i = 0; i < layers.size(); ++i)
    network.add_guided_gram_distance("style " + name + " " + layers[i], layers[i], mask, targets[i], divisor,
                                     share * weight);
}

std::vector<Array> GramKeys::blank_targets(const PictureNetwork& network) const {
  std::vector<Array> targets;
  for (const std::string& layer : layers) {
    const int64_t channels = network.features(layer)[0];
    targets.emplace_back(Shape{1, channels, channels});
  }
  return targets;
}

void VariationKeys::describe(ParamVisitor& v) {
  v.choice({.name = "tv", .doc = "total variation: l1: |dx| + |dy|; l2: dx^2 + dy^2; beta: (dx^2 + dy^2)^(tv_beta/2)"},
           norm, {"l1", "l2", "beta"});
  v.field({.name = "tv_beta", .doc = "exponent of \"beta\"", .min = 1}, beta);
  v.field({.name = "tv_weight", .doc = "of the total variation, in grey levels of 255", .min = 0}, weight);
}

}  // namespace convlens::viz
