#pragma once

#include "benchmarks/kernel_bench/bench_problem.h"

namespace convlens::bench {

/// Results of the plain loops in double.
std::vector<Array> reference_results(const BenchProblem& origin, Pass pass, const HostValues& values);

/// max |error| / max |truth| over all results; NaN stays NaN.
double relative_error(const std::vector<Array>& found, const std::vector<Array>& truth);

}  // namespace convlens::bench
