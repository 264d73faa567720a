#pragma once

#include <map>
#include <string>
#include <vector>

#include "viz/training/style_graph.h"

namespace convlens::viz {

/// What a decoder of AdaIN's features is to make small, by layers of the encoder.
struct AdaptiveLossKeys {
  std::string layer = "relu4_1";  ///< that is decoded
  std::vector<std::string> style_layers{"relu1_1", "relu2_1", "relu3_1", "relu4_1"};
  double content_weight = 1, style_weight = 10, variation_weight = 0;

  std::vector<std::string> layers() const;  ///< all of them
};

/// How large features are: the root mean square of each layer's for these photos, N x 3 x H x W, RGB 0..1. Throws
/// InputError with the nearest names where the encoder has no such layer, or where a layer is all zero.
std::map<std::string, double> feature_scales(const Model& encoder, const std::vector<std::string>& layers,
                                             const Array& photos, Device device);

/// adaptive_style_network with its objective behind it, the encoder there a third time:
///
///     picture ---- encoder ---- layer's features - AdaIN's result
///                     |
///                  mean and deviation at each style layer - those of `style`
///
/// Of the differences, divided by the layers' `scales`, the mean squares are summed with the weights, and averaged over
/// the batch (Huang and Belongie 2017, equations 11 to 13; squares, and features of about the same size in all layers,
/// as in the authors' code). The variation is that of make_style_graph. Photos and styles (the graph's input `style`)
/// have `size` x `size` pixels, RGB 0..1. Throws InputError where encoder and decoder do not fit.
StyleGraph make_adaptive_style_graph(const Model& decoder, const Model& encoder, const AdaptiveLossKeys& keys,
                                     const std::map<std::string, double>& scales, int64_t size, int64_t batch);

}  // namespace convlens::viz
