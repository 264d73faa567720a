#pragma once

#include <vector>

#include "kernels/base/tensor.h"

namespace convlens {

/// A tensor on the host that owns its numbers: f32 in C order (an activation: NCHW).
struct Array {
  Shape shape;
  std::vector<float> values;

  Array() = default;
  explicit Array(Shape s, float value = 0) : shape(s), values(static_cast<size_t>(s.elements()), value) {}
  TensorView view() { return {{shape, DataType::f32, Layout::nchw}, values.data()}; }
  TensorView view() const { return {{shape, DataType::f32, Layout::nchw}, const_cast<float*>(values.data())}; }
};

}  // namespace convlens
