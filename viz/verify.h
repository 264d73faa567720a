#pragma once

#include <filesystem>

namespace convlens::viz {

/// Runs again what a run.json records, in a temporary folder, and says of each result whether it has the same bits.
/// Returns 0 if all have, else 1. Throws InputError for a file that is no such record, or when model or image changed.
int verify(const std::filesystem::path& record);

}  // namespace convlens::viz
