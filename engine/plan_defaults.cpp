#include "engine/plan_defaults.h"

namespace convlens {

PlanDefaults& plan_defaults() {
  static PlanDefaults defaults;
  return defaults;
}

}  // namespace convlens
