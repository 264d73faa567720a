#pragma once

#include <string>

#include "engine/model.h"

namespace convlens {

/// The contents of a model's two files, as specified in docs/format.md.
struct ModelFiles {
  std::string json;    ///< of model.json
  std::string binary;  ///< of model.bin
};

/// What read_model reads as this model again. All tensors f32.
ModelFiles encode_model(const Model& model);

}  // namespace convlens
