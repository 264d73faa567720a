#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace convlens::viz {

/// The image files (.jpg, .jpeg, .png, .bmp, in any case) in `folder` and its sub-folders, as paths relative to it, in
/// the order of their bytes, which is the same on every machine. What begins with a dot is left out, as `ls` does.
/// Throws InputError when `folder` is no folder, cannot be read or has no such file.
std::vector<std::filesystem::path> list_images(const std::filesystem::path& folder);

/// A hash of their names and sizes in bytes: their contents would have to be read for it.
std::string listing_sha256(const std::filesystem::path& folder);

}  // namespace convlens::viz
