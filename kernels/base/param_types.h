#pragma once

// What operators need of parameters; a header of its own, as kernels are compiled many times and the rest is large.

#include <array>
#include <cstdint>

namespace convlens {

class ParamVisitor;

/// A struct of parameters that can say what they are. This one description drives parsing, validation, `--describe` and
/// the generated reference.
class Params {
 public:
  virtual ~Params() = default;
  virtual void describe(ParamVisitor& visitor) = 0;
};

/// Height and width, or vertical and horizontal. In JSON `[h, w]`, or one integer for both.
using Pair = std::array<int64_t, 2>;

/// Padding of a window operator. In JSON an integer, `[vertical, horizontal]`, `[top, left, bottom, right]`, or
/// `"same"` (TensorFlow's rule: the amounts follow from the input's size).
struct Padding {
  int64_t top = 0, left = 0, bottom = 0, right = 0;
  bool same = false;
  bool operator==(const Padding&) const = default;
};

}  // namespace convlens
