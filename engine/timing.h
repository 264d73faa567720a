#pragma once

#include <functional>
#include <span>
#include <vector>

namespace convlens {

/// Seconds of one call.
struct Timing {
  double best = 0, median = 0;
};

Timing summarize(std::vector<double> seconds);

/// Seconds that a call takes.
double seconds_of(const std::function<void()>& call);

/// What is timed. `start` may return before the work is done, as a GPU's launches do; `finish` waits for it.
struct TimedCall {
  std::function<void()> start, finish;
  void operator()() const {
    start();
    finish();
  }
};

struct Sampling {
  int samples = 15;
  /// Empties the caches before a sample. Left out: they hold what the same call left there just before.
  std::function<void()> evict_caches;
};

/// Times several calls in turns, each turn beginning with another one, so that whatever else happens on the machine
/// meets all of them alike. With warm caches short calls are started again and again within a sample, until it is long
/// enough to be measured, and waited for once.
std::vector<Timing> time_interleaved(std::span<const TimedCall> calls, const Sampling& sampling);

}  // namespace convlens
