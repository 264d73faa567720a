#pragma once

#include "benchmarks/network_bench/engine_network.h"

namespace convlens::bench {

/// Serves a network to benchmarks/peers/run.py: reads "run N" from the standard input and answers with the milliseconds
/// of N runs as a JSON list, after one that is not timed; "save PREFIX" writes the results and answers "saved". Says
/// "ready" first; ends with the input.
void serve(EngineNetwork& network);

}  // namespace convlens::bench
