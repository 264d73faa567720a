#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "kernels/base/json.h"
#include "viz/algorithm.h"
#include "viz/run_keys.h"

namespace convlens::viz {

/// One run of a configuration: the keys that all have, and the algorithm with its own keys filled in.
struct RunConfig {
  RunKeys keys;
  const AlgorithmInfo* info = nullptr;
  std::unique_ptr<Algorithm> algorithm;

  Json resolved() const;  ///< every key with the value it has, defaults included
};

/// A configuration file: one run, or a list `runs` whose members inherit the keys beside the list.
struct Config {
  std::filesystem::path file, out;
  std::vector<RunConfig> runs;
};

/// Reads a configuration. `overrides` are "key.path=value", the value JSON or plain text. Relative paths in the file
/// are taken from the file's folder, those in overrides from the working folder. Throws InputError naming file and key.
Config read_config(const std::filesystem::path& file, const std::vector<std::string>& overrides);

/// The same from JSON that is already there, such as a run.json's. Relative paths are taken from `folder`.
Config parse_config(const Json& json, const std::filesystem::path& file, const std::filesystem::path& folder);

}  // namespace convlens::viz
