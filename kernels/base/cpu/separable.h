#pragma once

#include <memory>

#include "kernels/base/cpu/axis_map.h"
#include "kernels/base/variant.h"

namespace convlens {

/// On the CPU, for f32 in any layout: y = A x Bᵀ in every plane, where `height` is A and `width` is B. Means over
/// windows and interpolation are such maps. The kernel of Pass::backward_data computes dL/dx = Aᵀ dL/dy B.
std::unique_ptr<Kernel> separable_kernel(const Problem& problem, Pass pass, const AxisMap& height,
                                         const AxisMap& width);

}  // namespace convlens
