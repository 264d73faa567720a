#pragma once

#include <map>
#include <string>

#include "engine/model.h"

namespace convlens::viz {

/// Whether a layer has filters to be seen or found by: weights out x in x height x width.
bool has_filters(const Layer& layer);

/// The shape of every input and layer, for one image of that shape (1 x C x H x W).
std::map<std::string, Shape> layer_shapes(const Model& model, const Shape& image);

/// The last map before the network stops looking at places: of all layers whose map has the size of the last
/// convolution's, the last one, so that its batch norm, its ReLU, and a sum or concatenation with others are included.
/// Throws InputError when there is no convolution on a map of more than one pixel.
std::string last_map(const Model& model, const Shape& image);

}  // namespace convlens::viz
