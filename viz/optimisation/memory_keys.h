#pragma once

#include <optional>
#include <string>

#include "engine/model.h"
#include "kernels/base/params.h"

namespace convlens::viz {

/// How much memory an optimisation may take.
struct MemoryKeys final : Params {
  std::string memory;

  void describe(ParamVisitor& v) override;

  /// What is left for sessions beside the program, the model's weights, and so many pictures of that height and width
  /// that are kept; nothing where no limit is set. Throws InputError where none is left.
  std::optional<size_t> session_bytes(const Model& model, Pair picture, int64_t pictures) const;
};

}  // namespace convlens::viz
