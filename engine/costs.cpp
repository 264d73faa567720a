#include "engine/costs.h"

namespace convlens {
namespace {

std::shared_ptr<Costs>& default_instance() {
  static std::shared_ptr<Costs> instance;
  return instance;
}

}  // namespace

std::shared_ptr<Costs> default_costs() { return default_instance(); }

void set_default_costs(std::shared_ptr<Costs> costs) { default_instance() = std::move(costs); }

}  // namespace convlens
