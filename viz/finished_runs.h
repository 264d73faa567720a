#pragma once

#include <optional>
#include <string>

#include "kernels/base/json.h"
#include "viz/output_folder.h"

namespace convlens::viz {

/// What a run leaves beside its files.
struct FinishedRun {
  Json entry;           ///< in run.json
  std::string section;  ///< on the page, as HTML
};

/// Keeps a run of a list, whose files begin with `prefix`, until the list is finished.
void keep_finished(OutputFolder& folder, const std::string& prefix, const FinishedRun& run);

/// What an interrupted or failed program kept of this run, if it was the same: each member of `identity` as it was in
/// its entry, the same version of this program, every file unaltered.
std::optional<FinishedRun> take_up_finished(OutputFolder& folder, const std::string& prefix, const Json& identity);

}  // namespace convlens::viz
