#pragma once

#include "benchmarks/kernel_bench/candidates.h"
#include "benchmarks/kernel_bench/least_work.h"
#include "engine/timing.h"

namespace convlens::bench {

struct ContestOptions {
  Selection selection;
  Sampling sampling;
  bool check = true;  ///< against the reference first
};

/// One variant in one layout.
struct Entry {
  std::string variant, layout;
  std::string refusal;  ///< why it took no part: its own reason, or that it is wrong
  bool wrong = false;
  bool preferred = false;  ///< by priority, of those that take part
  double error = 0;        ///< max |error| / max |result|, if it was checked
  Timing timing;
};

struct Contest {
  std::vector<Entry> entries;
  LeastWork work;

  const Entry* fastest() const;  ///< by the best time; nullptr when none took part
  const Entry* preferred() const;
  const Entry* yardstick() const;  ///< what the others are compared with: the variant cudnn, or else the fastest
};

/// Checks every variant of the problem's operator against the double reference, then times them in turns.
Contest hold(const BenchProblem& problem, const ContestOptions& options);

}  // namespace convlens::bench
