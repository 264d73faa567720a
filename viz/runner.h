#pragma once

#include <functional>

#include "kernels/base/json.h"
#include "viz/config.h"

namespace convlens::viz {

struct RunOptions {
  bool quiet = false;   ///< no lines on the terminal
  bool resume = false;  ///< take up the runs of a list that an interrupted or failed program finished
  /// Called before a run's session is used, e.g. to observe its steps.
  std::function<void(const RunConfig&, Session&)> on_session;
};

/// Runs a configuration and leaves its folder: pictures, arrays, report.html and run.json, all of them or nothing new.
/// Returns what run.json holds.
Json run_config(const Config& config, const RunOptions& options);

/// The plan of each run that needs the network, without running it.
std::vector<std::pair<std::string, Plan>> plan_config(const Config& config);

}  // namespace convlens::viz
