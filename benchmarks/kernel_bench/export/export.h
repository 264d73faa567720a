#pragma once

#include <filesystem>

#include "benchmarks/kernel_bench/bench_problem.h"

namespace convlens::bench {

/// What is exported: one pass, by all variants for the emulator or only those named.
struct ExportOptions {
  std::filesystem::path folder;
  Pass pass = Pass::forward;
  std::vector<std::string> variants;
};

/// Writes each launch of CUDA kernels that solves the problem into a folder of its own, for replay outside the program
/// (benchmarks/README.md has the format), and names it on the terminal. Throws InputError if there is none.
void export_launches(const BenchProblem& problem, const ExportOptions& options);

}  // namespace convlens::bench
