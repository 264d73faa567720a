#include <fstream>
#include <iostream>

#include "benchmarks/kernel_bench/export/export.h"
#include "benchmarks/kernel_bench/modelled/table.h"
#include "benchmarks/kernel_bench/on_simt.h"
#include "kernels/base/json.h"

namespace convlens::bench {

namespace {

int run_export(const std::vector<BenchProblem>& problems, const SimtOptions& options) {
  for (const BenchProblem& problem : problems)
    export_launches(problem, {options.export_folder, options.selection.pass, options.selection.variants});
  return 0;
}

int run_model(const std::vector<BenchProblem>& problems, const SimtOptions& options) {
  const Gpu& gpu = h100_sxm;
  const CompiledKernels compiled(CONVLENS_CUDA_KERNELS, gpu.architecture);
  const ForecastOptions forecast_options{options.selection, options.blocks, options.check};
  Json record{{"kind", "modelled"},
              {"device", "simt"},
              {"gpu", gpu.name},
              {"compiler", compiled.compiler()},
              {"pass", to_string(options.selection.pass)}};
  std::cout << modelled_line(compiled, gpu) << "; pass " << to_string(options.selection.pass)
            << "; * is the variant that the planner prefers\n";
  bool wrong = false;
  for (const BenchProblem& problem : problems) {
    const Forecast found = forecast(problem, forecast_options, compiled, gpu);
    if (found.variants.empty()) continue;
    print(problem, found, gpu);
    record["problems"].push_back(to_json(problem, found, gpu));
    for (const VariantForecast& v : found.variants) wrong = wrong || v.wrong;
  }
  if (!options.json.empty()) std::ofstream(options.json) << record.dump(1) << '\n';
  return wrong ? 1 : 0;
}

}  // namespace

int run_on_simt(const std::vector<BenchProblem>& problems, const SimtOptions& options, char** /*arguments*/) {
  return options.export_folder.empty() ? run_model(problems, options) : run_export(problems, options);
}

}  // namespace convlens::bench
