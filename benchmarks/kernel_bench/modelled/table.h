#pragma once

#include "benchmarks/kernel_bench/modelled/forecast.h"
#include "kernels/base/json.h"

namespace convlens::bench {

/// The first line of a modelled table: that it is one, of which GPU, and by which compiler's code.
std::string modelled_line(const CompiledKernels& compiled, const Gpu& gpu);

void print(const BenchProblem& problem, const Forecast& forecast, const Gpu& gpu);
Json to_json(const BenchProblem& problem, const Forecast& forecast, const Gpu& gpu);

}  // namespace convlens::bench
