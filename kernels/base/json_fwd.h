#pragma once

#include <nlohmann/json_fwd.hpp>

namespace convlens {

/// JSON whose objects keep the order of their keys. This header names it, for headers that everything includes;
/// kernels/base/json.h has it whole.
using Json = nlohmann::ordered_json;

}  // namespace convlens
