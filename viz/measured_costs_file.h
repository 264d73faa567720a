#pragma once

#include <filesystem>

#include "engine/measured_costs.h"

namespace convlens::viz {

/// What `viz_run tune` has measured: convlens/measured_costs.json in the user's cache ($XDG_CACHE_HOME or ~/.cache).
std::filesystem::path measured_costs_file();

/// Adds what the file knows of this processor with these versions of ConvLens and oneDNN; nothing if there is no file.
/// Throws InputError if it is none of its kind.
void read_measured_costs(const std::filesystem::path& file, MeasuredCosts& costs);

/// Adds `costs` to what the file holds of this processor, over what it knew of the same work.
void write_measured_costs(const std::filesystem::path& file, const MeasuredCosts& costs);

}  // namespace convlens::viz
