#pragma once

#include <string>
#include <vector>

#include "engine/model.h"
#include "kernels/base/json.h"
#include "viz/io/image.h"

namespace convlens::viz {

// What a training was made with, for its record.

/// The hash of each picture's numbers.
Json hashes_of(const std::vector<Image>& pictures);

std::string hash_of(const Model& model);

}  // namespace convlens::viz
