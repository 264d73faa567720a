#pragma once

#include "kernels/base/device_api.h"

namespace simt {

/// Of the GPU in use, by the clocks that its driver states.
convlens::DeviceLimits gpu_limits();

}  // namespace simt
