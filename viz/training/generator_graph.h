#pragma once

#include <set>
#include <string>
#include <vector>

#include "viz/optimisation/objective.h"

namespace convlens::viz {

/// What a generator is to make small.
struct GeneratorLossKeys {
  std::string layer;                        ///< of the encoder, whose value is the code
  std::vector<std::string> feature_layers;  ///< of the encoder, where features are compared
  double image_weight = 1, feature_weight = 1;
};

/// A generator between two copies of the encoder whose code it inverts, all one graph:
///
///     image ---- encoder ---- code ---- generator ---- picture ---- encoder ---- features - those of the image
///       |                                                 |
///       +--------------------------------------- picture - image
///
/// Of the differences the mean squares are summed with the weights, and averaged over the batch: Dosovitskiy and Brox,
/// "Generating Images with Perceptual Similarity Metrics based on Deep Networks", 2016, without their adversarial term.
struct GeneratorGraph {
  Model model;
  std::string image;             ///< input, N x C x H x W, as the encoder's
  std::string picture;           ///< layer, N x C x H x W
  std::set<std::string> frozen;  ///< all layers but the generator's
  std::vector<Term> terms;       ///< at layers N x 1 x 1 x 1
};

/// How a generator's pictures lie that are trained here, for an encoder that sees images as `seen` says: 0..1, in the
/// order red, green, blue, or grey.
InputSpec generated_spec(const InputSpec& seen);

/// The generator makes pictures of the size of the encoder's input. Throws InputError where the networks do not fit.
GeneratorGraph make_generator_graph(const Model& generator, const Model& encoder, const GeneratorLossKeys& keys,
                                    int64_t batch);

}  // namespace convlens::viz
