#pragma once

#include <functional>

#include "kernels/base/variant.h"

namespace convlens::bench {

/// What leaves nothing of use in the caches of a device: of the CPU, or of the GPU.
std::function<void()> evictor(Device device);

}  // namespace convlens::bench
