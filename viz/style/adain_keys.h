#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "kernels/base/params.h"
#include "viz/algorithm.h"
#include "viz/run.h"

namespace convlens::viz {

/// Pictures for the styles of a network that takes styles from pictures (viz/style/adaptive_style.h).
struct AdainKeys final : Params {
  bool adain = false;
  std::vector<std::filesystem::path> style_images;
  int64_t style_size = 512;
  double alpha = 1;

  void describe(ParamVisitor& v) override;

  /// Throws InputError for keys that do not fit each other or the network.
  void check(const Model& network) const;
  /// The hash of each picture.
  std::map<std::string, std::string> inputs() const;
  /// How the styles are read.
  std::vector<Stage> stages(const Run& run) const;
  /// The network that paints in these styles, by their numbers: the run's own unless `adain`. For a plan: its norms
  /// have no statistics yet.
  Model planned_painter(const Run& run) const;
  /// The same with them. The pictures are shown on the run's page.
  Model painter(Run& run) const;
};

}  // namespace convlens::viz
