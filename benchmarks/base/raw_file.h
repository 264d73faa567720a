#pragma once

#include <filesystem>

#include "engine/array.h"

namespace convlens::bench {

/// Numbers as they lie in memory, float32 in NCHW: what numpy's tofile and fromfile take. Throws InputError if the file
/// is not there or has not just the array's size.
void read_raw(const std::filesystem::path& file, Array& array);
void write_raw(const std::filesystem::path& file, const Array& array);

}  // namespace convlens::bench
