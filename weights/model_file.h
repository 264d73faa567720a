#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "engine/model.h"

namespace convlens {

/// Reads a model's folder (or its model.json), as specified in docs/format.md. f32 tensors are used where the mapped
/// file holds them, without a copy; f16 tensors are widened. Throws InputError with one sentence that names the file,
/// the key, what was expected and what was found, for every defect that the specification lists.
std::shared_ptr<const Model> read_model(const std::filesystem::path& path);

}  // namespace convlens
