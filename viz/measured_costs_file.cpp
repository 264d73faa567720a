#include "viz/measured_costs_file.h"

#include <cstdlib>
#include <fstream>

#include "kernels/base/cpu/processor.h"
#include "kernels/base/error.h"
#include "kernels/base/json.h"
#include "viz/io/atomic_file.h"
#include "viz/versions.h"

namespace convlens::viz {
namespace {

namespace fs = std::filesystem;

std::string machine() {
  const Json v = versions();
  return processor_name() + "; ConvLens " + v["version"].get<std::string>() + ", oneDNN " +
         v["onednn"].get<std::string>();
}

Json read_all(const fs::path& file) {
  std::ifstream stream(file);
  if (!stream) return Json::object();
  const Json all = Json::parse(stream, nullptr, false);
  if (!all.is_object())
    throw InputError(file.string() + ": expected an object of measured times, found something else; delete the file");
  return all;
}

}  // namespace

fs::path measured_costs_file() {
  const char *cache = std::getenv("XDG_CACHE_HOME"), *home = std::getenv("HOME");
  const fs::path folder = cache && *cache ? fs::path(cache) : fs::path(home ? home : ".") / ".cache";
  return folder / "convlens" / "measured_costs.json";
}

void read_measured_costs(const fs::path& file, MeasuredCosts& costs) try {
  const Json all = read_all(file);
  if (const auto it = all.find(machine()); it != all.end()) costs.add_json(*it);
} catch (const InputError& error) {
  const std::string what = error.what();
  throw InputError(what.starts_with(file.string()) ? what : file.string() + ": " + what);
}

void write_measured_costs(const fs::path& file, const MeasuredCosts& costs) {
  Json all = read_all(file);
  all[machine()].update(costs.to_json());
  fs::create_directories(file.parent_path());
  write_file(file, all.dump(1) + "\n");
}

}  // namespace convlens::viz
