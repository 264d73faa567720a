#pragma once

#include "benchmarks/kernel_bench/candidates.h"

namespace convlens::bench {

struct SimtOptions {
  Selection selection;
  int64_t blocks = 8;         ///< of each launch at most so many are run, and stand for all
  bool check = true;          ///< against the reference, where every block was run
  std::string json;           ///< the file that gets all numbers too; empty for none
  std::string export_folder;  ///< in place of the table, the launches are written there (export/); empty for none
};

/// What kernel_bench does for the emulator: a modelled table, never a time. The kernels for it are compiled to be
/// watched, which measurements must not meet: so it is the program kernel_bench_simt that makes the table (modelled/),
/// and kernel_bench hands its arguments over to it (hand_over/). Returns the program's exit code.
int run_on_simt(const std::vector<BenchProblem>& problems, const SimtOptions& options, char** arguments);

}  // namespace convlens::bench
