#pragma once

#include <string>

#include "engine/plan.h"

namespace convlens::viz {

/// The plan as a table: a line a step with its shape, variant and layouts, then the bytes. With the variants that were
/// passed over and why, if they are wanted.
std::string plan_table(const Plan& plan);
std::string plan_explanation(const Plan& plan);

/// "1x64x224x224 nchw16c" of what a step writes.
TensorDesc result_of(const Step& step);
std::string what_runs(const Step& step);  ///< the variant, or "reorder", "accumulate", "loss"

}  // namespace convlens::viz
