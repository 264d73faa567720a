#pragma once

#include <string>

#include "engine/model.h"
#include "viz/optimisation/graph_builder.h"

namespace convlens::viz {

// What networks for style are composed of.

/// Throws InputError for a network of grey images.
void check_colours(const Model& model);

/// What a layer is made by: it is the output, and of layers and inputs those are left that it needs. Throws InputError
/// with the nearest names where there is no such layer.
Model part_before(const Model& network, const std::string& layer);

/// What is made of a layer: the layers that need it, for which it is the first input, C x H x W of kind vector. What
/// else they read of the network they go on to read by its name. Throws as part_before does.
Model part_behind(const Model& network, const std::string& layer);

/// RGB 0..1, size x size pixels unless told.
InputSpec rgb_input(const std::string& name, int64_t size);

/// Features of so many channels times a factor.
std::string add_scaling(GraphBuilder& graph, const std::string& name, const std::string& features, int64_t channels,
                        double factor);

}  // namespace convlens::viz
