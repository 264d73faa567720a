#include "benchmarks/kernel_bench/contest.h"

#include <algorithm>

#include "benchmarks/kernel_bench/truth.h"

namespace convlens::bench {

const Entry* Contest::fastest() const {
  const Entry* best = nullptr;
  for (const Entry& e : entries)
    if (e.refusal.empty() && (!best || e.timing.best < best->timing.best)) best = &e;
  return best;
}

const Entry* Contest::preferred() const {
  const auto it = std::ranges::find_if(entries, &Entry::preferred);
  return it == entries.end() ? nullptr : &*it;
}

const Entry* Contest::yardstick() const {
  const auto it =
      std::ranges::find_if(entries, [](const Entry& e) { return e.variant == "cudnn" && e.refusal.empty(); });
  return it == entries.end() ? fastest() : &*it;
}

Contest hold(const BenchProblem& origin, const ContestOptions& options) {
  Contest contest{.work = least_work(origin, options.selection.pass)};
  const HostValues values = random_values(origin);
  std::vector<Array> truth;
  std::vector<std::unique_ptr<KernelTrial>> contestants;
  std::vector<TimedCall> calls;
  std::vector<size_t> places;
  for (const Candidate& c : candidates(origin, options.selection)) {
    Entry entry{.variant = c.variant->name, .layout = c.layout(), .refusal = c.refusal()};
    if (entry.refusal.empty()) {
      auto contestant = std::make_unique<KernelTrial>(origin.op(), *c.variant, c.problem, values);
      contestant->run();
      if (options.check) {
        if (truth.empty()) truth = reference_results(origin, options.selection.pass, values);
        entry.error = relative_error(contestant->results(), truth);
        entry.wrong = !(entry.error <= c.variant->relative_error);
        if (entry.wrong) entry.refusal = "WRONG: relative error " + std::to_string(entry.error);
      }
      if (!entry.wrong) {
        entry.preferred = contest.preferred() == nullptr;
        calls.push_back({[&runner = *contestant] { runner.start(); }, [&runner = *contestant] { runner.finish(); }});
        contestants.push_back(std::move(contestant));
        places.push_back(contest.entries.size());
      }
    }
    contest.entries.push_back(std::move(entry));
  }
  const auto timings = time_interleaved(calls, options.sampling);
  for (size_t i = 0; i < timings.size(); ++i) contest.entries[places[i]].timing = timings[i];
  return contest;
}

}  // namespace convlens::bench
