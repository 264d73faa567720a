#pragma once

#include <string>
#include <vector>

#include "benchmarks/network_bench/engine_network.h"

namespace convlens::bench {

/// What one step of the plan takes.
struct StepTime {
  std::string layer, pass, what, result;
  Timing timing;
  double flops = 0;
};

/// Every step's time over several runs; the slowest (by the best time) first.
std::vector<StepTime> step_times(EngineNetwork& network, int repetitions);

}  // namespace convlens::bench
