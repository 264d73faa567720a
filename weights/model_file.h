#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/model.h"

namespace convlens {

/// Reads a model's folder (or its model.json), as specified in docs/format.md. f32 tensors are used where the mapped
/// file holds them, without a copy; f16 tensors are widened. Throws InputError with one sentence that names the file,
/// the key, what was expected and what was found, for every defect that the specification lists.
std::shared_ptr<const Model> read_model(const std::filesystem::path& path);

/// The values that a tensor of an operator's weights begins with.
using InitialWeights = std::function<std::vector<float>(const Operator&, const WeightSpec&)>;

/// Reads a model.json without `tensors`, `binary` and the layers' `weights`: a network that is yet to be trained. Its
/// tensors are called LAYER.ROLE. Throws as read_model does.
std::shared_ptr<const Model> read_architecture(const std::filesystem::path& path, InitialWeights initial);

}  // namespace convlens
