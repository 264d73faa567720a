#pragma once

#include <string>

#include "kernels/base/json.h"
#include "viz/run.h"

namespace convlens::viz {

/// What a run's loops keep for a later program that goes on, by the loop's name. Numbers that must come back to the
/// same bits are written as viz/exact_numbers.h does.
class Checkpoint {
 public:
  /// With what an interrupted program kept of the same run. Throws InputError where that is damaged, or of another
  /// configuration, model or photo.
  explicit Checkpoint(Run& run);

  const Json* find(const std::string& loop) const;  ///< null when nothing is kept of it
  void keep(const std::string& loop, Json state);   ///< on the disk when this returns

 private:
  Run& run_;
  Json loops_ = Json::object();
};

}  // namespace convlens::viz
