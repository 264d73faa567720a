#pragma once

#include <optional>

#include "benchmarks/kernel_bench/candidates.h"
#include "benchmarks/kernel_bench/modelled/occupancy.h"
#include "benchmarks/kernel_bench/modelled/roofline.h"

namespace convlens::bench {

struct ForecastOptions {
  Selection selection;  ///< on the emulator
  int64_t blocks = 8;   ///< of each launch at most so many are run, and stand for all
  bool check = true;    ///< against the reference, where every block was run
};

/// One launch of a variant.
struct LaunchForecast {
  std::string kernel, file;
  simt::LaunchShape shape;
  int64_t static_shared_bytes;
  LaunchWork work;
  const CompiledKernel* compiled;      ///< null if nothing tells
  std::optional<Occupancy> occupancy;  ///< if its registers are known
  Limits limits;

  double seconds() const { return binding(limits).second; }
};

/// One variant in one layout.
struct VariantForecast {
  std::string variant, layout;
  std::string refusal;
  bool wrong = false;
  bool preferred = false;
  std::optional<double> error;  ///< max |error| / max |result|, if it was checked
  std::vector<LaunchForecast> launches;

  double seconds() const;
  const LaunchForecast& longest() const;
};

struct Forecast {
  LeastWork work;
  std::vector<VariantForecast> variants;
};

/// Runs blocks of every variant in the emulator, watched, and says what they would do on `gpu` (roofline.h). No time of
/// this machine is part of it.
Forecast forecast(const BenchProblem& problem, const ForecastOptions& options, const CompiledKernels& compiled,
                  const Gpu& gpu);

}  // namespace convlens::bench
