#include "benchmarks/base/timing.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>

namespace convlens::bench {
namespace {

constexpr double shortest_sample = 200e-6;

// Reads and writes twice what the last cache holds.
void evict_caches() {
  static std::vector<char> memory(static_cast<size_t>(2 * std::max(sysconf(_SC_LEVEL3_CACHE_SIZE), 32L << 20)));
  for (size_t i = 0; i < memory.size(); i += 64) memory[i] = static_cast<char>(memory[i] + 1);
}

int calls_per_sample(const std::function<void()>& call) {
  const double seconds = std::min(seconds_of(call), seconds_of(call));
  return static_cast<int>(std::clamp(shortest_sample / seconds, 1.0, 1e4));
}

double warm_sample(const std::function<void()>& call, int repetitions) {
  call();
  return seconds_of([&] {
           for (int i = 0; i < repetitions; ++i) call();
         }) /
         repetitions;
}

double cold_sample(const std::function<void()>& call) {
  evict_caches();
  return seconds_of(call);
}

}  // namespace

Timing summarize(std::vector<double> seconds) {
  std::ranges::sort(seconds);
  return {seconds.front(), seconds[seconds.size() / 2]};
}

double seconds_of(const std::function<void()>& call) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  call();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::vector<Timing> time_interleaved(std::span<const std::function<void()>> calls, int samples, Cache cache) {
  std::vector<int> repetitions;
  for (const auto& call : calls) repetitions.push_back(calls_per_sample(call));
  std::vector<std::vector<double>> seconds(calls.size());
  for (size_t turn = 0; turn < static_cast<size_t>(samples); ++turn)
    for (size_t place = 0; place < calls.size(); ++place) {
      const size_t i = (turn + place) % calls.size();
      seconds[i].push_back(cache == Cache::warm ? warm_sample(calls[i], repetitions[i]) : cold_sample(calls[i]));
    }
  std::vector<Timing> timings;
  for (auto& list : seconds) timings.push_back(summarize(std::move(list)));
  return timings;
}

}  // namespace convlens::bench
