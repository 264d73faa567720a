#pragma once

#include <optional>

#include "engine/plan.h"

namespace convlens {

/// Weights in f32 on a device whose memory is the host's are used where they lie.
bool uses_weights_in_place(const Plan& plan);

/// What a session of this plan takes of its device's memory.
size_t device_bytes(const Plan& plan);

/// The largest image, its sides in the proportion of the request's, with which the request fits into so many bytes, as
/// 1 x C x H x W. Nothing, if the model takes no other size or none is small enough. Plans alone: nothing is computed.
std::optional<Shape> largest_image_that_fits(const Model& model, const PlanRequest& request, size_t bytes);

}  // namespace convlens
