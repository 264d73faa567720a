#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

namespace convlens::viz {

/// The whole contents of a file; throws InputError naming the file when it is missing, a folder or unreadable.
std::vector<std::byte> read_file(const std::filesystem::path& path);

}  // namespace convlens::viz
