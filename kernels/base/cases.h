#pragma once

#include <filesystem>
#include <vector>

#include "kernels/base/registry.h"

namespace convlens {

/// One line of an operator's cases.json: a problem on which its variants are tested and, if `bench`, timed.
/// {"name", "inputs": [[N, C, H, W], ...], "params": {...}, "activation": {"negative_slope", "max_value"}, "bench":
/// false}
struct OperatorCase {
  std::string op, name;
  std::shared_ptr<Params> params;
  std::vector<Shape> inputs;
  std::optional<Activation> activation;
  bool bench = false;

  Problem problem(DataType type, Layout layout) const;
};

/// All cases under `kernels_folder` (the repository's kernels/), ordered by operator. Throws InputError.
std::vector<OperatorCase> read_cases(const std::filesystem::path& kernels_folder);

}  // namespace convlens
