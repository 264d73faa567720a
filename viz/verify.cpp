#include "viz/verify.h"

#include <fstream>
#include <iostream>

#include "kernels/base/error.h"
#include "kernels/base/json.h"
#include "viz/runner.h"
#include "viz/temporary_folder.h"

namespace convlens::viz {
namespace {

namespace fs = std::filesystem;

Json read_record(const fs::path& file) {
  std::ifstream stream(file);
  if (!stream) throw InputError(file.string() + ": there is no such file, or it cannot be read");
  const Json record = Json::parse(stream, nullptr, false);
  if (record.is_discarded() || !record.contains("runs") || !record["runs"].is_array() || !record.contains("outputs"))
    throw InputError(file.string() + ": is no record of a run");
  return record;
}

Json configuration_of(const Json& record, const fs::path& out) {
  Json runs = Json::array();
  for (const Json& run : record["runs"]) {
    Json configuration = run.at("configuration");
    configuration.erase("out");
    runs.push_back(configuration);
  }
  if (runs.size() == 1) {
    runs[0]["out"] = out.string();
    return runs[0];
  }
  return {{"out", out.string()}, {"runs", runs}};
}

void check_inputs(const Json& before, const Json& after, const fs::path& file) {
  for (size_t i = 0; i < before["runs"].size(); ++i)
    if (before["runs"][i]["inputs"] != after["runs"][i]["inputs"])
      throw InputError(file.string() + ": the model or the image is not the one of the record: " +
                       before["runs"][i]["inputs"].dump() + " then, " + after["runs"][i]["inputs"].dump() + " now");
}

}  // namespace

int verify(const fs::path& file) {
  const Json before = read_record(file);
  const TemporaryFolder folder;
  const Json after = run_config(parse_config(configuration_of(before, folder.path() / "out"), file, fs::current_path()),
                                {.quiet = true});
  check_inputs(before, after, file);
  int differing = 0;
  for (const auto& [name, hash] : before["outputs"].items()) {
    const bool same = after["outputs"].value(name, "") == hash.get<std::string>();
    differing += !same;
    std::cout << (same ? "same     " : "DIFFERS  ") << name << '\n';
  }
  std::cout << (differing ? std::to_string(differing) + " results differ\n" : "all results are the same\n");
  return differing ? 1 : 0;
}

}  // namespace convlens::viz
