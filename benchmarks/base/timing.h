#pragma once

#include <functional>
#include <span>
#include <vector>

namespace convlens::bench {

/// Seconds of one call.
struct Timing {
  double best = 0, median = 0;
};

Timing summarize(std::vector<double> seconds);

/// Seconds that a call takes.
double seconds_of(const std::function<void()>& call);

/// What the caches hold when a call starts: what the same call left there just before, or nothing of use.
enum class Cache { warm, cold };

/// Times several calls in turns, each turn beginning with another one, so that whatever else happens on the machine
/// meets all of them alike. Short calls are repeated within a sample until it is long enough to be measured.
std::vector<Timing> time_interleaved(std::span<const std::function<void()>> calls, int samples, Cache cache);

}  // namespace convlens::bench
