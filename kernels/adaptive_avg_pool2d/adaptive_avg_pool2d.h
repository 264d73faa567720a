#pragma once

#include "kernels/base/operator.h"
#include "kernels/base/pool_window.h"

namespace convlens {

/// y = means over windows chosen so that the output has the size given, as in PyTorch. 1 x 1 is the global mean.
struct AdaptiveAvgPool2dParams final : Params {
  Pair output_size{1, 1};
  void describe(ParamVisitor& v) override;
};

/// The inputs that output `o` of `outputs` averages: from floor(o i / outputs) up to ceil((o + 1) i / outputs).
IndexRange adaptive_window(int64_t inputs, int64_t outputs, int64_t o);

}  // namespace convlens
