#pragma once

#include "benchmarks/kernel_bench/bench_problem.h"

namespace convlens::bench {

/// The least that a problem needs: the operations of its formula, and every tensor read or written once.
struct LeastWork {
  double flops = 0, bytes = 0;
};

LeastWork least_work(const BenchProblem& problem, Pass pass);

}  // namespace convlens::bench
