#pragma once

#include <string>
#include <vector>

#include "kernels/base/variant.h"

namespace convlens {

/// An operator's variants in the order in which plans take them: by priority, but those of a relative error above
/// `most_error` last.
std::vector<const Variant*> preferred_variants(const std::string& op, Pass pass, Device device, double most_error);

}  // namespace convlens
