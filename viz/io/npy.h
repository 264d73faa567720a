#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace convlens::viz {

/// A dense array in C order (last index fastest); an empty shape is a scalar.
struct NpyArray {
  std::vector<int64_t> shape;
  std::vector<float> values;
};

/// What a .npy file (format version 1.0) begins with: magic, length and dictionary, padded to a multiple of 64 bytes.
std::string npy_header(std::string_view type, std::span<const int64_t> shape);

/// Writes float32 values as a NumPy .npy file, format version 1.0, atomically (see AtomicFile, whose errors apply).
/// Throws InternalError when the number of values is not the product of the shape.
void write_npy(const std::filesystem::path& path, std::span<const int64_t> shape, std::span<const float> values);

/// The same for the bytes of values of any `type`, in NumPy's words: '<f8', '|u1'.
void write_npy(const std::filesystem::path& path, std::string_view type, std::span<const int64_t> shape,
               std::span<const std::byte> bytes);

/// Reads a .npy file of float32 in C order (versions 1 to 3). Throws InputError naming the file when it is anything
/// else or cut off.
NpyArray read_npy(const std::filesystem::path& path);

}  // namespace convlens::viz
