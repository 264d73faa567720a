#pragma once

#include <filesystem>
#include <string>

namespace convlens::viz {

/// A file of tests/viz_io/data.
inline std::filesystem::path data_file(const std::string& name) {
  return std::filesystem::path(VIZ_IO_TEST_DATA) / name;
}

}  // namespace convlens::viz
