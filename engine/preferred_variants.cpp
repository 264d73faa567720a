#include "engine/preferred_variants.h"

#include <algorithm>

#include "kernels/base/registry.h"

namespace convlens {

std::vector<const Variant*> preferred_variants(const std::string& op, Pass pass, Device device, double most_error) {
  std::vector<const Variant*> list = variants(op, pass, device);
  std::ranges::stable_partition(list, [&](const Variant* v) { return v->relative_error <= most_error; });
  return list;
}

}  // namespace convlens
