// Every CUDA kernel on every small case, watched: no race, no access out of bounds, no read of what was never written.

#include <gtest/gtest.h>

#include <algorithm>

#include "benchmarks/kernel_bench/bench_problem.h"
#include "kernels/simt/lens/report.h"

namespace convlens::bench {

inline void PrintTo(const OperatorCase& c, std::ostream* out) { *out << c.op << "__" << c.name; }

namespace {

class EveryKernel : public ::testing::TestWithParam<OperatorCase> {};

TEST_P(EveryKernel, DoesNothingWrong) {
  const BenchProblem origin{GetParam()};
  for (const Pass pass : {Pass::forward, Pass::backward_data, Pass::backward_weights})
    for (const Variant* variant : variants(origin.c.op, pass, Device::simt)) {
      Problem problem = origin.problem(DataType::f32, Layout::nchw);
      if (pass != Pass::forward || !variant->fuses_activation) problem.activation.reset();
      if (variant->layouts) {
        const IoLayout io = variant->layouts(problem);
        for (TensorDesc& input : problem.inputs) input.layout = io.input;
        problem.output.layout = io.output;
      }
      if (variant->refuses && variant->refuses(problem)) continue;
      simt::Recorder recorder;
      KernelTrial(origin.op(), *variant, problem, random_values(origin)).run();
      for (const simt::LaunchReport& report : recorder.launches())
        for (const simt::Finding& finding : report.findings)
          ADD_FAILURE() << variant->name << " " << to_string(pass) << ": " << report.kernel << ", "
                        << finding.where.file << ":" << finding.where.line << ", " << finding.count << " times, kind "
                        << static_cast<int>(finding.kind) << ", first " << finding.example;
    }
}

// Watching takes a microsecond an access: cases that take a minute are left to tests/kernels. Those that stay have
// several tiles, and edges, in every direction. Tiles of products of matrices cost by their depth, however few their
// results.
bool takes_a_minute(const OperatorCase& c) {
  constexpr double most_flops = 1.2e6, most_flops_a_result = 5000;
  const Problem problem = c.problem(DataType::f32, Layout::nchw);
  const double flops = operator_by_name(c.op).flops(problem);
  return c.bench || flops > most_flops || flops > most_flops_a_result * static_cast<double>(problem.output.elements());
}

std::vector<OperatorCase> small_cases() {
  auto cases = read_cases(std::filesystem::path(CONVLENS_SOURCE_DIR) / "kernels");
  std::erase_if(cases, takes_a_minute);
  return cases;
}

INSTANTIATE_TEST_SUITE_P(All, EveryKernel, ::testing::ValuesIn(small_cases()),
                         [](const auto& info) { return info.param.op + "__" + info.param.name; });

}  // namespace
}  // namespace convlens::bench
