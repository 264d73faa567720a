// kernel_bench: every variant of an operator on its cases, on sizes given, or on the layers of a model. Its tables are
// measured, or for the emulator modelled (on_simt.h).

#include <omp.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>

#include "benchmarks/base/environment.h"
#include "benchmarks/kernel_bench/contest.h"
#include "benchmarks/kernel_bench/evictor.h"
#include "benchmarks/kernel_bench/on_simt.h"
#include "kernels/base/device_api.h"
#include "kernels/base/error.h"
#include "kernels/base/guarded_main.h"
#include "kernels/base/json.h"
#include "weights/model_file.h"

namespace convlens::bench {
namespace {

struct Options {
  std::vector<std::string> ops, cases, variants;
  std::string model, json, export_folder, device = "cpu";
  Pass pass = Pass::forward;
  int threads = 0, samples = 15;
  int64_t blocks = SimtOptions{}.blocks;
  bool cold = false, no_check = false;

  Selection selection() const { return {pass, device_by_name(device), variants}; }
};

std::vector<BenchProblem> given_problems(const Options& options) {
  const auto cases = read_cases(std::filesystem::path(CONVLENS_SOURCE_DIR) / "kernels");
  std::vector<BenchProblem> list;
  if (!options.cases.empty()) {
    if (options.ops.size() != 1)
      throw InputError("--case needs one --op, as cases of operators may have the same name");
    for (const std::string& text : options.cases) list.push_back(problem_from_text(options.ops[0], text, cases));
    return list;
  }
  for (const OperatorCase& c : cases)
    if (c.bench) list.push_back({c});
  return list;
}

std::vector<BenchProblem> problems(const Options& options) {
  for (const std::string& op : options.ops) operator_by_name(op);
  auto list =
      options.model.empty() ? given_problems(options) : problems_of_model(*read_model(options.model), options.pass);
  std::erase_if(
      list, [&](const BenchProblem& p) { return !options.ops.empty() && !std::ranges::count(options.ops, p.c.op); });
  return list;
}

// Seconds of the least work on a device that does as much as it can, and does both at once.
double limit(const LeastWork& work, const DeviceLimits& limits) {
  return std::max(work.flops / limits.f32_flops, work.bytes / limits.bytes);
}

void print_entry(const Contest& contest, const Entry& e, const std::optional<DeviceLimits>& limits) {
  std::printf("  %c %-24s %-14s", e.preferred ? '*' : ' ', e.variant.c_str(), e.layout.c_str());
  if (!e.refusal.empty()) return void(std::printf(" %s\n", e.refusal.c_str()));
  const double best = e.timing.best;
  std::printf(" %11.1f %11.1f %9.1f %8.2f %7.2f %9.1e", best * 1e6, e.timing.median * 1e6,
              contest.work.flops / best / 1e9, contest.work.bytes / best / 1e9, best / contest.yardstick()->timing.best,
              e.error);
  if (limits) std::printf(" %8.1f", best / limit(contest.work, *limits));
  std::printf("\n");
}

void print(const BenchProblem& problem, const Contest& contest, const std::optional<DeviceLimits>& limits) {
  std::printf("\n%s  %.3f GFLOP, %.2f MB, x%d\n", problem.to_string().c_str(), contest.work.flops / 1e9,
              contest.work.bytes / 1e6, problem.count);
  std::printf("    %-24s %-14s %11s %11s %9s %8s %7s %9s %8s\n", "variant", "layout", "best us", "median us", "GFLOP/s",
              "GB/s", "ratio", "error", limits ? "x limit" : "");
  for (const Entry& e : contest.entries) print_entry(contest, e, limits);
  std::fflush(stdout);
}

Json to_json(const BenchProblem& problem, const Contest& contest) {
  Json entries = Json::array();
  for (const Entry& e : contest.entries) {
    Json entry{{"variant", e.variant}, {"layout", e.layout}};
    if (e.refusal.empty())
      entry.update({{"best_us", e.timing.best * 1e6},
                    {"median_us", e.timing.median * 1e6},
                    {"preferred", e.preferred},
                    {"relative_error", e.error}});
    else
      entry["refused"] = e.refusal;
    entries.push_back(entry);
  }
  Json json = problem.to_json();
  json.update({{"flops", contest.work.flops}, {"bytes", contest.work.bytes}, {"variants", entries}});
  return json;
}

/// Milliseconds by operator, if each problem is solved by its preferred variant, or by its fastest.
struct Totals {
  double preferred = 0, fastest = 0;
};

void print(const std::map<std::string, Totals>& totals) {
  std::printf("\nall problems, as often as they occur, by their best times\n    %-24s %13s %13s\n", "operator",
              "preferred ms", "fastest ms");
  for (const auto& [op, t] : totals)
    std::printf("    %-24s %13.3f %13.3f\n", op.c_str(), t.preferred * 1e3, t.fastest * 1e3);
}

int measure(const Options& options) {
  if (options.threads > 0) omp_set_num_threads(options.threads);
  const Device device = device_by_name(options.device);
  const ContestOptions contest_options{.selection = options.selection(),
                                       .sampling = {options.samples, options.cold ? evictor(device) : nullptr},
                                       .check = !options.no_check};
  Json record{{"kind", "measured"},
              {"device", options.device},
              {"environment", environment()},
              {"pass", to_string(options.pass)},
              {"caches", options.cold ? "cold" : "warm"}};
  const std::optional<DeviceLimits> limits = device_api(device).limits();
  if (limits) record["limits"] = {{"device", limits->name}, {"f32_flops", limits->f32_flops}, {"bytes", limits->bytes}};
  std::cout << to_line(record["environment"]) << (limits ? ", " + limits->name : "") << "; pass "
            << to_string(options.pass) << " on " << options.device << ", caches " << (options.cold ? "cold" : "warm")
            << ", " << options.samples
            << " samples; * is the variant that the planner prefers, ratio is to cudnn or the fastest\n";
  std::map<std::string, Totals> totals;
  bool wrong = false;
  for (const BenchProblem& problem : problems(options)) {
    const Contest contest = hold(problem, contest_options);
    if (contest.entries.empty()) continue;
    print(problem, contest, limits);
    record["problems"].push_back(to_json(problem, contest));
    for (const Entry& e : contest.entries) wrong = wrong || e.wrong;
    if (!contest.fastest()) continue;
    totals[problem.c.op].preferred += problem.count * contest.preferred()->timing.best;
    totals[problem.c.op].fastest += problem.count * contest.fastest()->timing.best;
  }
  if (!options.model.empty()) print(totals);
  if (!options.json.empty()) std::ofstream(options.json) << record.dump(1) << '\n';
  return wrong ? 1 : 0;
}

int main_of(int argc, char** argv) {
  Options options;
  CLI::App app(
      "Checks every variant of an operator against the reference, then times them in turns; on the device simt "
      "says what each would do on a GPU");
  app.add_option("--op", options.ops, "operator; without it all that have cases for benchmarks");
  app.add_option("--case", options.cases, "a case's name, a line of cases.json, or for conv2d n1c64h56w56k64r3s3p1");
  app.add_option("--model", options.model, "a model's folder: time its distinct layers");
  const std::map<std::string, Pass> passes{
      {"forward", Pass::forward}, {"backward_data", Pass::backward_data}, {"backward_weights", Pass::backward_weights}};
  app.add_option("--pass", options.pass, "forward, backward_data or backward_weights")
      ->transform(CLI::CheckedTransformer(passes));
  app.add_option("--device", options.device, "device");
  app.add_option("--variant", options.variants, "only the variants named");
  app.add_option("--threads", options.threads, "OpenMP threads; 0: all");
  app.add_option("--samples", options.samples, "samples of each variant")->check(CLI::PositiveNumber);
  app.add_option("--blocks", options.blocks,
                 "on simt: at most so many blocks of each launch are run, and stand for all")
      ->check(CLI::PositiveNumber);
  app.add_flag("--cold", options.cold, "empty the caches before each sample");
  app.add_flag("--no-check", options.no_check, "do not compare with the (slow) reference first");
  app.add_option("--json", options.json, "also write all numbers to this file");
  app.add_option("--export", options.export_folder,
                 "in place of timing, write each launch of CUDA kernels into a folder of its own there, for replay");
  CLI11_PARSE(app, argc, argv);
  if (!options.export_folder.empty() && options.selection().device != Device::simt)
    throw InputError("--export writes what the emulator runs: it needs --device simt");
  if (options.selection().device == Device::simt)
    return run_on_simt(problems(options),
                       {options.selection(), options.blocks, !options.no_check, options.json, options.export_folder},
                       argv);
  return measure(options);
}

}  // namespace
}  // namespace convlens::bench

int main(int argc, char** argv) {
  return convlens::guarded_main("kernel_bench", [&] { return convlens::bench::main_of(argc, argv); });
}
