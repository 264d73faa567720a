#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

namespace convlens {

/// SHA-256 (FIPS 180-4) of the bytes, as 64 lower-case hexadecimal digits.
std::string sha256_hex(std::span<const std::byte> bytes);

/// SHA-256 of a file's contents, read in blocks; throws InputError when the file cannot be read.
std::string sha256_file(const std::filesystem::path& path);

}  // namespace convlens
