#pragma once

#include <string>

#include "engine/model.h"
#include "viz/optimisation/graph_builder.h"

namespace convlens::viz {

/// What a generator makes its pictures of: its one input, of kind vector, a code of 1 x C x H x W. Throws InputError
/// for a network that is none.
const InputSpec& code_input(const Model& generator);

/// The shape of a generator's picture, 1 x C x H x W.
Shape picture_shape(const Model& generator);

/// The part of a generator behind a layer, whose value becomes its code. Throws InputError where a layer behind it
/// reads more than that.
Model generator_behind(const Model& generator, const std::string& layer);

/// Adds the layers of a generator, named "generator/...", that reads the input or layer `code`. Returns the picture's.
std::string add_generator(GraphBuilder& graph, const Model& generator, const std::string& code);

/// Adds what brings pictures of shape `from` to height x width: enlarged by the least whole number with which they
/// cover it, they are cut down to their centre, as those of 256 pixels are to CaffeNet's 227 in DeePSiM.
std::string add_fit(GraphBuilder& graph, const std::string& picture, const Shape& from, int64_t height, int64_t width);

}  // namespace convlens::viz
