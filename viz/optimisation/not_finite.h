#pragma once

#include "engine/losses.h"
#include "engine/session.h"

namespace convlens::viz {

/// Where numbers first stop being finite when `model` runs on `session`'s inputs, forwards and then back from the
/// losses: "the output of layer 'conv3'", "the gradient of layer 'pool1'"; "" where all are.
std::string first_not_finite(const Model& model, const Session& session, std::span<const Loss> losses);

}  // namespace convlens::viz
