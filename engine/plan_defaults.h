#pragma once

#include <memory>

#include "engine/costs.h"

namespace convlens {

/// What every PlanRequest begins with. A program changes it before it plans: by what is known of its machine, or by
/// what its user asks of a whole run.
struct PlanDefaults {
  double most_error = 1e-5;
  std::shared_ptr<Costs> costs;
};

PlanDefaults& plan_defaults();

}  // namespace convlens
