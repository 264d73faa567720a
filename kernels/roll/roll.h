#pragma once

#include "kernels/base/variant.h"

namespace convlens {

/// Each image shifted cyclically by the second input, its offsets (down, right), N x 2 x 1 x 1, which are rounded to
/// whole pixels: torch.roll.
struct RollParams final : Params {
  void describe(ParamVisitor&) override {}
};

/// i - offset, brought back into [0, size).
int64_t roll_source(int64_t size, double offset, int64_t i);

}  // namespace convlens
