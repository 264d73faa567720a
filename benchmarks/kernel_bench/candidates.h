#pragma once

#include "benchmarks/kernel_bench/bench_problem.h"
#include "kernels/base/registry.h"

namespace convlens::bench {

/// A variant with the problem in one of the layouts that it takes.
struct Candidate {
  const Variant* variant;
  Problem problem;

  std::string layout() const;   ///< "nchw", or "nchw>nhwc" where the output lies otherwise
  std::string refusal() const;  ///< why it cannot do the problem; empty if it can
};

/// Which variants are looked at.
struct Selection {
  Pass pass = Pass::forward;
  Device device = Device::cpu;
  std::vector<std::string> variants;  ///< only these, if any are named
};

/// The variants of the problem's operator, each in every layout that it takes, those first that a plan prefers.
std::vector<Candidate> candidates(const BenchProblem& origin, const Selection& selection);

}  // namespace convlens::bench
