#include "engine/timing.h"

#include <algorithm>
#include <chrono>

namespace convlens {
namespace {

constexpr double shortest_sample = 200e-6;

int calls_per_sample(const TimedCall& call) {
  const double seconds = std::min(seconds_of(call), seconds_of(call));
  return static_cast<int>(std::clamp(shortest_sample / seconds, 1.0, 1e4));
}

double warm_sample(const TimedCall& call, int repetitions) {
  call();
  return seconds_of([&] {
           for (int i = 0; i < repetitions; ++i) call.start();
           call.finish();
         }) /
         repetitions;
}

double cold_sample(const TimedCall& call, const std::function<void()>& evict_caches) {
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

std::vector<Timing> time_interleaved(std::span<const TimedCall> calls, const Sampling& sampling) {
  std::vector<int> repetitions;
  for (const TimedCall& call : calls) repetitions.push_back(calls_per_sample(call));
  std::vector<std::vector<double>> seconds(calls.size());
  for (size_t turn = 0; turn < static_cast<size_t>(sampling.samples); ++turn)
    for (size_t place = 0; place < calls.size(); ++place) {
      const size_t i = (turn + place) % calls.size();
      seconds[i].push_back(sampling.evict_caches ? cold_sample(calls[i], sampling.evict_caches)
                                                 : warm_sample(calls[i], repetitions[i]));
    }
  std::vector<Timing> timings;
  for (auto& list : seconds) timings.push_back(summarize(std::move(list)));
  return timings;
}

}  // namespace convlens
