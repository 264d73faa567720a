#pragma once

#include <nlohmann/json.hpp>

#include "kernels/base/json_fwd.h"
