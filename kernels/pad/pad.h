#pragma once

#include "kernels/base/operator.h"

namespace convlens {

enum class PadMode { zero, reflect };

/// The input with a frame around it: of zeros, or of the input reflected in its edge elements. In mode zero a negative
/// amount crops, and channels may be added before and after.
struct PadParams final : Params {
  Padding padding;
  Pair channels{0, 0};
  PadMode mode = PadMode::zero;

  void describe(ParamVisitor& v) override;
};

/// Which of `inputs` elements an output index shows; -1: none, it is zero.
int64_t pad_source(PadMode mode, int64_t inputs, int64_t before, int64_t output);

}  // namespace convlens
