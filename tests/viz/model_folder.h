#pragma once

#include <filesystem>
#include <fstream>

#include "weights/model_writer.h"

namespace convlens::test {

/// The model as its folder.
inline void write_model(const std::filesystem::path& folder, const Model& model) {
  const ModelFiles files = encode_model(model);
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "model.json") << files.json;
  std::ofstream(folder / "model.bin", std::ios::binary) << files.binary;
}

}  // namespace convlens::test
