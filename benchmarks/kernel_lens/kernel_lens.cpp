// kernel_lens conv2d/cuda/03_register_tile.cu --case n1c64h56w56k64r3s3p1: the source of a kernel, with what each line
// does to memory beside it, as the emulator saw it.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "benchmarks/kernel_bench/bench_problem.h"
#include "kernels/base/error.h"
#include "kernels/base/guarded_main.h"
#include "kernels/base/json.h"
#include "kernels/base/names.h"
#include "kernels/simt/lens/report.h"

namespace convlens::bench {
namespace {

namespace fs = std::filesystem;

struct Options {
  fs::path file;
  std::string problem, json;
  Pass pass = Pass::forward;
};

/// The operator's folder and the variant's name follow from the file: [kernels/]conv2d/cuda/03_register_tile.cu.
std::string operator_of(const fs::path& file) {
  const std::string name = file.parent_path().parent_path().filename();
  if (name.empty()) throw InputError("'" + file.string() + "' is no kernel's file such as conv2d/cuda/01_naive.cu");
  return operator_by_name(name).name();
}

const Variant& variant_of(const fs::path& file, Pass pass) {
  const std::string op = operator_of(file), name = file.stem();
  std::vector<std::string> names;
  for (const Variant* variant : variants(op, pass, Device::simt)) {
    if (variant->name == name) return *variant;
    names.push_back(variant->name);
  }
  throw InputError(op + " has no variant '" + name + "' for " + to_string(pass) + " on simt" +
                   did_you_mean(name, names));
}

BenchProblem problem_of(const Options& options) {
  const std::string op = operator_of(options.file);
  const auto cases = read_cases(fs::path(CONVLENS_SOURCE_DIR) / "kernels");
  if (!options.problem.empty()) return problem_from_text(op, options.problem, cases);
  const auto first = std::ranges::find(cases, op, &OperatorCase::op);
  if (first == cases.end()) throw InputError(op + " has no cases: give one with --case");
  return {*first};
}

Problem problem_for(const Variant& variant, const BenchProblem& origin) {
  Problem problem = laid_out(variant, origin);
  if (const auto reason = variant.refuses ? variant.refuses(problem) : std::nullopt)
    throw InputError(variant.name + " refuses " + origin.to_string() + ": " + *reason);
  return problem;
}

int run(const Options& options) {
  const Variant& variant = variant_of(options.file, options.pass);
  const BenchProblem origin = problem_of(options);
  const Problem problem = problem_for(variant, origin);
  simt::Recorder recorder;
  KernelTrial trial(origin.op(), variant, problem, random_values(origin));
  const size_t before = recorder.launches().size();
  trial.run();
  std::cout << "modelled (emulator, no GPU): " << origin.to_string() << ", " << to_string(options.pass) << ", "
            << variant.name << "\n";
  Json record{{"kind", "modelled"},
              {"problem", origin.to_string()},
              {"pass", to_string(options.pass)},
              {"variant", variant.name},
              {"launches", Json::array()}};
  bool wrong = false;
  for (size_t i = before; i < recorder.launches().size(); ++i) {
    const simt::LaunchReport& report = recorder.launches()[i];
    wrong = wrong || !report.findings.empty();
    std::cout << '\n';
    simt::print(report, std::cout);
    record["launches"].push_back(simt::to_json(report));
  }
  if (!options.json.empty()) std::ofstream(options.json) << record.dump(1) << '\n';
  return wrong ? 1 : 0;
}

int main_of(int argc, char** argv) {
  Options options;
  CLI::App app("Runs a CUDA kernel in the emulator and shows what each line of its source does to memory");
  app.add_option("file", options.file, "the kernel's file, such as conv2d/cuda/03_register_tile.cu")->required();
  app.add_option("--case", options.problem,
                 "a case's name, a line of cases.json, or for conv2d n1c64h56w56k64r3s3p1; without it the first case");
  const std::map<std::string, Pass> passes{
      {"forward", Pass::forward}, {"backward_data", Pass::backward_data}, {"backward_weights", Pass::backward_weights}};
  app.add_option("--pass", options.pass, "forward, backward_data or backward_weights")
      ->transform(CLI::CheckedTransformer(passes));
  app.add_option("--json", options.json, "also write all numbers to this file");
  CLI11_PARSE(app, argc, argv);
  return run(options);
}

}  // namespace
}  // namespace convlens::bench

int main(int argc, char** argv) {
  return convlens::guarded_main("kernel_lens", [&] { return convlens::bench::main_of(argc, argv); });
}
