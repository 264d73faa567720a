#pragma once

#include <nlohmann/json_fwd.hpp>
#include <ostream>

#include "kernels/simt/lens/recorder.h"

namespace simt {

/// All numbers of a launch. Files are named from the repository's root on.
nlohmann::ordered_json to_json(const LaunchReport& report);

/// The same to be read: volumes, findings, and the source with its traffic beside each line.
void print(const LaunchReport& report, std::ostream& out);

}  // namespace simt
