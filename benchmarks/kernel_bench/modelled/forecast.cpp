#include "benchmarks/kernel_bench/modelled/forecast.h"

#include <algorithm>
#include <numeric>

#include "benchmarks/kernel_bench/truth.h"
#include "kernels/simt/emulator/sample.h"

namespace convlens::bench {
namespace {

LaunchForecast forecast_of(const simt::LaunchReport& report, const CompiledKernels& compiled, const Gpu& gpu) {
  LaunchForecast launch{.kernel = report.kernel,
                        .file = report.file,
                        .shape = report.shape,
                        .static_shared_bytes = static_cast<int64_t>(report.static_shared_bytes),
                        .work = work_of(report),
                        .compiled = compiled.find(report.file, report.kernel)};
  launch.limits = limits_of(launch.work, launch.compiled, gpu);
  if (launch.compiled) {
    launch.static_shared_bytes = launch.compiled->static_shared_bytes;
    const auto dynamic = static_cast<int64_t>(report.shape.shared_bytes);
    const dim3 block = report.shape.block;
    launch.occupancy = occupancy({.threads = static_cast<int>(block.x * block.y * block.z),
                                  .registers = launch.compiled->registers,
                                  .shared_bytes = launch.static_shared_bytes + dynamic},
                                 gpu);
  }
  return launch;
}

bool every_block_was_run(std::span<const simt::LaunchReport> reports) {
  return std::ranges::all_of(reports, [](const simt::LaunchReport& r) { return r.blocks_run == r.blocks; });
}

/// The truth of a problem, which is found when it is first asked for.
class Truth {
 public:
  Truth(const BenchProblem& origin, Pass pass, const HostValues& values)
      : origin_(origin), pass_(pass), values_(values) {}
  const std::vector<Array>& results() {
    if (results_.empty()) results_ = reference_results(origin_, pass_, values_);
    return results_;
  }

 private:
  const BenchProblem& origin_;
  Pass pass_;
  const HostValues& values_;
  std::vector<Array> results_;
};

}  // namespace

double VariantForecast::seconds() const {
  return std::accumulate(launches.begin(), launches.end(), 0.0,
                         [](double sum, const LaunchForecast& launch) { return sum + launch.seconds(); });
}

const LaunchForecast& VariantForecast::longest() const {
  return *std::ranges::max_element(launches, {}, &LaunchForecast::seconds);
}

Forecast forecast(const BenchProblem& origin, const ForecastOptions& options, const CompiledKernels& compiled,
                  const Gpu& gpu) {
  Forecast forecast{.work = least_work(origin, options.selection.pass)};
  const HostValues values = random_values(origin);
  Truth truth(origin, options.selection.pass, values);
  simt::Recorder recorder;
  for (const Candidate& c : candidates(origin, options.selection)) {
    VariantForecast& entry = forecast.variants.emplace_back(
        VariantForecast{.variant = c.variant->name, .layout = c.layout(), .refusal = c.refusal()});
    if (!entry.refusal.empty()) continue;
    KernelTrial trial(origin.op(), *c.variant, c.problem, values);
    const size_t before = recorder.launches().size();
    {
      const simt::WithSample sample(options.blocks);
      trial.run();
    }
    const auto reports = std::span(recorder.launches()).subspan(before);
    for (const simt::LaunchReport& report : reports) entry.launches.push_back(forecast_of(report, compiled, gpu));
    if (options.check && every_block_was_run(reports)) {
      entry.error = relative_error(trial.results(), truth.results());
      entry.wrong = !(*entry.error <= c.variant->relative_error);
    }
    entry.preferred = !entry.wrong && std::ranges::none_of(forecast.variants, &VariantForecast::preferred);
  }
  return forecast;
}

}  // namespace convlens::bench
