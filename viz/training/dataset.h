#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/array.h"
#include "engine/model.h"

namespace convlens::viz {

/// Labelled pictures as a network sees them, all in memory.
struct Dataset {
  std::vector<Array> pictures;  ///< each 1 x C x H x W
  std::vector<int64_t> labels;
  std::string sha256;  ///< of all the numbers above
};

/// Reads a folder that has a folder of pictures for each class. Their names, sorted, are the classes 0, 1, ... Throws
/// InputError: fewer than two folders, another number of classes than the network has, an empty folder, a file that is
/// no picture.
Dataset read_dataset(const std::filesystem::path& folder, const Model& model, int64_t classes);

/// Those names.
std::vector<std::string> class_folders(const std::filesystem::path& folder);

}  // namespace convlens::viz
