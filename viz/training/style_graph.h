#pragma once

#include <set>
#include <string>
#include <vector>

#include "viz/io/image.h"
#include "viz/optimisation/objective.h"

namespace convlens::viz {

/// What a style network is to make small, by layers of the loss network.
struct StyleLossKeys {
  std::vector<std::string> content_layers, style_layers;
  double content_weight = 1, style_weight = 5, variation_weight = 0;
};

/// Gram matrices of a style image, 1 x 1 x C x C each, by layer of the loss network.
std::vector<Array> style_grams(const Model& loss_network, const std::vector<std::string>& layers, const Image& style,
                               Device device);

/// A network that paints with its objective behind it, all one graph.
struct StyleGraph {
  Model model;
  std::string photo;             ///< input, N x 3 x H x W, described as it is fed
  std::string style;             ///< input: what the network is told of the styles
  std::string picture;           ///< layer, N x 3 x H x W, as the photo but without its mean and deviation
  std::set<std::string> frozen;  ///< all layers but those that are trained
  std::vector<Term> terms;       ///< at layers N x 1 x 1 x 1
};

/// A transform network with its objective behind it:
///
///     photo ---- transform network ---- picture ---- loss network ---- Gram matrices - those of the styles
///       |                                  |               |
///       |                                total         features - those of the photo
///       |                              variation           |
///       +---------------- loss network --------------------+
///
/// Of the differences the mean squares are summed with the weights, and averaged over the batch (Johnson, Alahi and
/// Fei-Fei, "Perceptual Losses for Real-Time Style Transfer and Super-Resolution", 2016, with Gram matrices divided by
/// C H W as in equation 3, and means over layers as in the authors' code; N styles: Dumoulin, Shlens and Kudlur, "A
/// Learned Representation For Artistic Style", 2017). The variation is the mean of squared differences of
/// neighbouring pixels, 0..1.
///
/// `grams`: of each style, as style_grams gives them; photos have `size` x `size` pixels. The transform network makes
/// pictures 0..1 in its input's order of channels; N styles are mixed by its input of kind vector, of which the graph's
/// input `style` says how much of each, N x styles x 1 x 1 (1 for one style). Throws InputError where the networks do
/// not fit.
StyleGraph make_style_graph(const Model& transform, const Model& loss_network,
                            const std::vector<std::vector<Array>>& grams, const StyleLossKeys& keys, int64_t size,
                            int64_t batch);

}  // namespace convlens::viz
