#include "benchmarks/kernel_bench/export/export.h"

#include <algorithm>
#include <iostream>

#include "benchmarks/kernel_bench/bench_problem.h"
#include "benchmarks/kernel_bench/export/kernel_ptx.h"
#include "benchmarks/kernel_bench/export/launch_capture.h"
#include "kernels/base/error.h"
#include "kernels/base/json.h"
#include "kernels/base/names.h"
#include "viz/io/atomic_file.h"
#include "viz/io/npy.h"

namespace convlens::bench {
namespace {

namespace fs = std::filesystem;

std::string hex(std::span<const std::byte> bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const std::byte b : bytes)
    text += {digits[std::to_integer<int>(b >> 4)], digits[std::to_integer<int>(b & std::byte{15})]};
  return text;
}

std::string name_of_buffer(size_t number) { return "buffer" + std::to_string(number); }

Json to_json(const CapturedArgument& argument) {
  Json pointers = Json::array();
  for (const auto& [at, buffer, offset] : argument.pointers)
    pointers.push_back({{"at", at}, {"buffer", name_of_buffer(buffer)}, {"offset", offset}});
  return {{"type", argument.type}, {"bytes", hex(argument.bytes)}, {"pointers", pointers}};
}

Json to_json(const CapturedLaunch& launch, const std::string& entry) {
  const auto sizes = [](const dim3& d) { return Json{d.x, d.y, d.z}; };
  Json json{{"kernel", launch.kernel},
            {"entry", entry},
            {"grid", sizes(launch.shape.grid)},
            {"block", sizes(launch.shape.block)},
            {"dynamic_shared_bytes", launch.shape.shared_bytes},
            {"arguments", Json::array()},
            {"buffers", Json::array()}};
  for (const CapturedArgument& argument : launch.arguments) json["arguments"].push_back(to_json(argument));
  for (size_t i = 0; i < launch.buffers.size(); ++i) json["buffers"].push_back(name_of_buffer(i));
  return json;
}

void write(const CapturedBuffer& buffer, std::span<const std::byte> bytes, const fs::path& file) {
  const auto value_bytes = static_cast<size_t>(buffer.type.back() - '0');
  const std::vector<int64_t> shape{static_cast<int64_t>(bytes.size() / value_bytes)};
  viz::write_npy(file, buffer.type, shape, bytes);
}

fs::path new_folder(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) throw InputError("the folder '" + path.string() + "' cannot be made: " + error.message());
  return path;
}

/// The folder appears whole, in place of an earlier one of that name, or not at all.
void write(const CapturedLaunch& launch, const std::string& ptx, const fs::path& folder) {
  const fs::path hidden = folder.parent_path() / ("." + folder.filename().string());
  fs::remove_all(hidden);
  new_folder(hidden);
  const Json json = to_json(launch, entry_of(launch.kernel, ptx));
  viz::write_file(hidden / "launch.json", json.dump(1) + "\n");
  viz::write_file(hidden / "kernel.ptx", ptx);
  for (size_t i = 0; i < launch.buffers.size(); ++i) {
    const CapturedBuffer& buffer = launch.buffers[i];
    write(buffer, buffer.before, new_folder(hidden / "before") / (name_of_buffer(i) + ".npy"));
    write(buffer, buffer.after, new_folder(hidden / "after") / (name_of_buffer(i) + ".npy"));
  }
  fs::remove_all(folder);
  fs::rename(hidden, folder);
}

/// Of a backward pass also those of the forward pass, if that has to save something.
std::vector<CapturedLaunch> launches_of(const Variant& variant, const BenchProblem& origin, const Problem& problem) {
  LaunchCapture capture;
  KernelTrial(origin.op(), variant, problem, random_values(origin)).run();
  return capture.launches();
}

}  // namespace

void export_launches(const BenchProblem& origin, const ExportOptions& options) {
  KernelPtx ptx;
  std::string refusals;
  size_t written = 0;
  for (const Variant* variant : variants(origin.c.op, options.pass, Device::simt)) {
    if (!options.variants.empty() && !std::ranges::count(options.variants, variant->name)) continue;
    const Problem problem = laid_out(*variant, origin);
    if (const auto reason = variant->refuses ? variant->refuses(problem) : std::nullopt) {
      refusals += "; " + variant->name + " refuses: " + *reason;
      continue;
    }
    const std::vector<CapturedLaunch> launches = launches_of(*variant, origin, problem);
    for (size_t i = 0; i < launches.size(); ++i, ++written) {
      const fs::path folder = options.folder / (origin.c.op + "." + origin.c.name + "." + to_string(options.pass) +
                                                "." + variant->name + "." + std::to_string(i));
      write(launches[i], ptx.of_file(launches[i].file), folder);
      std::cout << folder.string() << ": " << launches[i].kernel << std::endl;
    }
  }
  if (written == 0) throw InputError(origin.to_string() + " has no launch to export" + refusals);
}

}  // namespace convlens::bench
