#pragma once

#include <filesystem>
#include <vector>

#include "kernels/base/cases.h"

namespace convlens::test {

/// Every operator's cases but those of benchmarks and fused activations.
inline std::vector<OperatorCase> small_cases() {
  auto cases = read_cases(std::filesystem::path(CONVLENS_SOURCE_DIR) / "kernels");
  std::erase_if(cases, [](const OperatorCase& c) { return c.bench || c.activation; });
  return cases;
}

}  // namespace convlens::test
