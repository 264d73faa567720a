#pragma once

#include <string>
#include <vector>

#include "engine/plan.h"
#include "kernels/base/json.h"
#include "viz/io/image.h"
#include "viz/optimisation/target.h"

namespace convlens::viz {

class Run;

/// What a second look asks of the run's network: `batch` is that of the pictures, N x C x H x W.
PlanRequest second_look_request(const Run& run, const Target& target, const Shape& batch);

/// What the network makes of finished pictures as they lie in their files, in 8 bits: figures, lines for the terminal,
/// and where the network is a classifier a table of the first five classes of each. `names`: of the pictures, for
/// these. Returns a list, by picture: "value" of the target, "probabilities" of its classes, "classes".
Json look_again(Run& run, const Target& target, const std::vector<Image>& pictures,
                const std::vector<std::string>& names);

}  // namespace convlens::viz
