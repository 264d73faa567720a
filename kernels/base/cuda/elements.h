#pragma once

#include "kernels/base/tensor.h"

namespace convlens {

/// to += from, f32; equal descriptions.
void add_elements(const TensorView& from, const TensorView& to);

/// to = from, f32; as many elements, in the same order.
void copy_elements(const TensorView& from, const TensorView& to);

/// to = 0, f32.
void zero_elements(const TensorView& to);

}  // namespace convlens
