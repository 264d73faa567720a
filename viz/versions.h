#pragma once

#include "kernels/base/json.h"

namespace convlens::viz {

/// The versions that a result depends on: of this program, its compiler and the libraries that compute.
Json versions();

}  // namespace convlens::viz
