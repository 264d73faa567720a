#pragma once

#include <nlohmann/json.hpp>

namespace convlens {

/// JSON whose objects keep the order of their keys.
using Json = nlohmann::ordered_json;

}  // namespace convlens
