#pragma once

#include "kernels/base/tensor.h"

namespace convlens {

/// The same numbers in another layout; f32. The padding channels of a blocked layout become zeros.
void reorder_layout(const TensorView& from, const TensorView& to);

}  // namespace convlens
