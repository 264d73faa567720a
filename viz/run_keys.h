#pragma once

#include <filesystem>

#include "kernels/base/params.h"

namespace convlens::viz {

/// The keys that every run has, whatever its algorithm.
struct RunKeys final : Params {
  std::string algorithm;
  std::filesystem::path model, image, out;
  std::string device = "auto";
  double most_error = 1e-5;  ///< by the key `precision`
  int64_t threads = 0, seed = 0;
  std::vector<int64_t> size;

  void describe(ParamVisitor& v) override;
};

}  // namespace convlens::viz
