#include "benchmarks/kernel_bench/modelled/table.h"
#include "kernels/base/json.h"

#include <cstdio>

namespace convlens::bench {
namespace {

double in_mb(double bytes) { return bytes / 1e6; }

// "FFMA 24%, integer 60%": kinds that are a tenth or more.
std::string to_string(const InstructionMix& mix) {
  std::string text;
  for (const auto& [kind, count] : mix.of_kind)
    if (const int percent = 100 * count / mix.total; percent >= 10)
      text += (text.empty() ? "" : ", ") + kind + " " + std::to_string(percent) + "%";
  return text;
}

std::string blocks_text(const LaunchWork& work) {
  const auto number = [](double blocks) { return std::to_string(static_cast<int64_t>(blocks)); };
  return work.blocks_run == work.blocks
             ? "all " + number(work.blocks) + " blocks"
             : "sampled " + number(work.blocks_run) + " of " + number(work.blocks) + " blocks";
}

void print_launch(const LaunchForecast& launch) {
  const LaunchWork& w = launch.work;
  const double conflicts = w.fewest_wavefronts > 0 ? w.wavefronts / w.fewest_wavefronts : 1;
  std::printf(" %9.2f %9.2f %9.2f %4d %6.2f", in_mb(w.asked_bytes), in_mb(w.block_bytes), in_mb(w.launch_bytes), w.ways,
              conflicts);
  const auto shared = launch.static_shared_bytes + static_cast<int64_t>(launch.shape.shared_bytes);
  if (launch.compiled)
    std::printf(" %4d %6jd %4.0f%%", launch.compiled->registers, static_cast<intmax_t>(shared),
                100 * launch.occupancy->share);
  else
    std::printf(" %4s %6jd %5s", "?", static_cast<intmax_t>(shared), "?");
}

void print_entry(const VariantForecast& entry, double least) {
  std::printf("  %c %-22s %-10s", entry.preferred ? '*' : ' ', entry.variant.c_str(), entry.layout.c_str());
  if (!entry.refusal.empty()) return void(std::printf(" %s\n", entry.refusal.c_str()));
  if (entry.wrong) return void(std::printf(" WRONG: relative error %.1e\n", *entry.error));
  const LaunchForecast& launch = entry.longest();
  print_launch(launch);
  std::printf(" %9.2f %-13s %7.1f  %s", entry.seconds() * 1e6, binding(launch.limits).first.c_str(),
              entry.seconds() / least, blocks_text(launch.work).c_str());
  if (entry.launches.size() > 1) std::printf("; the longest of %zu launches", entry.launches.size());
  if (launch.compiled) std::printf("; %s", to_string(launch.compiled->main_loop).c_str());
  std::printf("\n");
}

Json to_json(dim3 size) { return {size.x, size.y, size.z}; }

Json in_microseconds(const Limits& limits) {
  Json json = Json::object();
  for (const auto& [name, seconds] : limits) json[name] = seconds * 1e6;
  return json;
}

Json to_json(const CompiledKernel& compiled) {
  Json mix(compiled.main_loop.of_kind);
  mix["total"] = compiled.main_loop.total;
  return {{"registers", compiled.registers},
          {"stack_bytes", compiled.stack_bytes},
          {"local_bytes", compiled.local_bytes},
          {"main_loop", mix}};
}

Json to_json(const LaunchForecast& launch) {
  const LaunchWork& w = launch.work;
  Json json{{"kernel", launch.kernel},
            {"grid", to_json(launch.shape.grid)},
            {"block", to_json(launch.shape.block)},
            {"blocks", w.blocks},
            {"blocks_run", w.blocks_run},
            {"moved_bytes", w.asked_bytes},
            {"fewest_bytes_of_blocks", w.block_bytes},
            {"fewest_bytes", w.launch_bytes},
            {"requests", w.requests},
            {"wavefronts", w.wavefronts},
            {"fewest_wavefronts", w.fewest_wavefronts},
            {"ways", w.ways},
            {"static_shared_bytes", launch.static_shared_bytes},
            {"dynamic_shared_bytes", launch.shape.shared_bytes},
            {"limits_us", in_microseconds(launch.limits)},
            {"bound_by", binding(launch.limits).first},
            {"modelled_us", launch.seconds() * 1e6}};
  if (launch.compiled) {
    json["compiled"] = to_json(*launch.compiled);
    json["occupancy"] = {
        {"share", launch.occupancy->share}, {"blocks", launch.occupancy->blocks}, {"limit", launch.occupancy->limit}};
  }
  return json;
}

Json to_json(const VariantForecast& entry, double least) {
  Json json{{"variant", entry.variant}, {"layout", entry.layout}};
  if (!entry.refusal.empty()) {
    json["refused"] = entry.refusal;
    return json;
  }
  json["preferred"] = entry.preferred;
  if (entry.error) json["relative_error"] = *entry.error;
  json["modelled_us"] = entry.seconds() * 1e6;
  json["bound_by"] = binding(entry.longest().limits).first;
  json["times_the_limit"] = entry.seconds() / least;
  json["launches"] = Json::array();
  for (const LaunchForecast& launch : entry.launches) json["launches"].push_back(to_json(launch));
  return json;
}

}  // namespace

std::string modelled_line(const CompiledKernels& compiled, const Gpu& gpu) {
  return std::string("modelled for an ") + gpu.name + ", no GPU has run it: sectors, wavefronts and requests by the " +
         "emulator, " +
         (compiled.compiler().empty() ? "code unknown (no cuda_kernels.json in the build)"
                                      : "code by " + compiled.compiler() + " for " + gpu.architecture) +
         "; times are the least that the roofline allows";
}

void print(const BenchProblem& problem, const Forecast& forecast, const Gpu& gpu) {
  const double least = least_seconds(forecast.work, gpu);
  std::printf("\n%s  %.3f GFLOP, %.2f MB, limit %.2f us, x%d\n", problem.to_string().c_str(), forecast.work.flops / 1e9,
              in_mb(forecast.work.bytes), least * 1e6, problem.count);
  std::printf("    %-22s %-10s %9s %9s %9s %4s %6s %4s %6s %5s %9s %-13s %7s\n", "variant", "layout", "asked MB",
              "block MB", "launch MB", "ways", "x best", "regs", "shared", "occ.", "model us", "bound by", "x limit");
  for (const VariantForecast& entry : forecast.variants) print_entry(entry, least);
  std::fflush(stdout);
}

Json to_json(const BenchProblem& problem, const Forecast& forecast, const Gpu& gpu) {
  const double least = least_seconds(forecast.work, gpu);
  Json entries = Json::array();
  for (const VariantForecast& entry : forecast.variants) entries.push_back(to_json(entry, least));
  Json json = problem.to_json();
  json.update({{"flops", forecast.work.flops},
               {"bytes", forecast.work.bytes},
               {"limit_us", least * 1e6},
               {"variants", entries}});
  return json;
}

}  // namespace convlens::bench
