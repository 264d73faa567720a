#pragma once

#include <set>
#include <string>

#include "engine/model.h"

namespace convlens {

/// The model with every per-channel affine layer (batch norm in inference) folded into the weights of the layer before
/// it, where that layer can take it and nobody else reads it. Exact up to rounding: the products are formed in double.
/// The folded layer answers to the affine layer's name; layers in `kept` stay as they are.
Model fold_channel_affines(const Model& model, const std::set<std::string>& kept);

}  // namespace convlens
