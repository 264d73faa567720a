#include "viz/config.h"

#include <algorithm>
#include <fstream>
#include <set>

#include "kernels/base/error.h"
#include "kernels/base/json.h"
#include "kernels/base/params.h"

namespace convlens::viz {
namespace {

// The keys that all runs have and those of one algorithm, as one object of the file.
class AllKeys final : public Params {
 public:
  AllKeys(RunKeys& keys, Algorithm& algorithm) : keys_(keys), algorithm_(algorithm) {}
  void describe(ParamVisitor& v) override {
    keys_.describe(v);
    algorithm_.describe(v);
  }

 private:
  RunKeys& keys_;
  Algorithm& algorithm_;
};

RunConfig read_run(const Json& json, const std::string& file, const std::string& path,
                   const std::filesystem::path& folder) {
  const std::string prefix = path.empty() ? "" : path + ".";
  if (!json.is_object()) throw InputError(file + ": '" + path + "' must be an object");
  const auto name = json.find("algorithm");
  if (name == json.end() || !name->is_string())
    throw InputError(file + ": the key '" + prefix + "algorithm' must name an algorithm (`viz_run --list` shows them)");
  RunConfig run;
  try {
    run.info = &algorithm_by_name(*name);
  } catch (const InputError& error) {
    throw InputError(file + ": '" + prefix + "algorithm': " + error.what());
  }
  run.algorithm = run.info->make();
  AllKeys keys(run.keys, *run.algorithm);
  read_params(keys, json, file, path, folder);
  if (!run.keys.size.empty() && run.keys.size.size() != 2)
    throw InputError(file + ": '" + prefix + "size' must be [height, width], found " +
                     std::to_string(run.keys.size.size()) + " numbers");
  return run;
}

std::set<std::string> path_keys() {
  std::set<std::string> names;
  const auto add = [&](Params& params) {
    for (const FieldDoc& field : document_params(params))
      if (field.type == "path" || field.type == "list of paths") names.insert(field.name);
  };
  RunKeys keys;
  add(keys);
  for (const std::string& name : algorithm_names()) add(*algorithm_by_name(name).make());
  return names;
}

// A path or a list of paths.
void make_absolute(Json& value) {
  if (value.is_string()) value = std::filesystem::absolute(value.get<std::string>()).string();
  if (value.is_array())
    for (Json& item : value) make_absolute(item);
}

void apply_override(Json& json, const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    throw InputError("--set takes key.path=value, found \"" + text + "\"");
  std::string pointer = "/" + text.substr(0, equals);
  std::ranges::replace(pointer, '.', '/');
  Json value = Json::parse(text.substr(equals + 1), nullptr, false);
  if (value.is_discarded()) value = text.substr(equals + 1);
  if (path_keys().contains(pointer.substr(pointer.rfind('/') + 1))) make_absolute(value);
  try {
    json[Json::json_pointer(pointer)] = value;
  } catch (const Json::exception&) {
    throw InputError("--set " + text + ": the configuration has no place '" + text.substr(0, equals) + "'");
  }
}

Json read_json(const std::filesystem::path& file) {
  std::ifstream stream(file);
  if (!stream) throw InputError(file.string() + ": there is no such file, or it cannot be read");
  try {
    return Json::parse(stream);
  } catch (const Json::exception& error) {
    throw InputError(file.string() + ": is not valid JSON (" + error.what() + ")");
  }
}

}  // namespace

Json RunConfig::resolved() const {
  RunKeys copy = keys;
  AllKeys all(copy, *algorithm);
  return write_params(all);
}

Config parse_config(const Json& json, const std::filesystem::path& file, const std::filesystem::path& folder) {
  if (!json.is_object()) throw InputError(file.string() + ": must hold a JSON object");
  Config config{.file = file};
  if (!json.contains("runs")) {
    config.runs.push_back(read_run(json, file.string(), "", folder));
  } else {
    const Json& list = json["runs"];
    if (!list.is_array() || list.empty())
      throw InputError(file.string() + ": 'runs' must be a list of at least one run");
    Json shared = json;
    shared.erase("runs");
    for (size_t i = 0; i < list.size(); ++i) {
      const std::string path = "runs[" + std::to_string(i) + "]";
      if (!list[i].is_object()) throw InputError(file.string() + ": '" + path + "' must be an object");
      if (list[i].contains("out"))
        throw InputError(file.string() + ": '" + path + ".out' must stand beside 'runs', once for all");
      Json run = shared;
      run.update(list[i]);
      config.runs.push_back(read_run(run, file.string(), path, folder));
    }
  }
  config.out = config.runs[0].keys.out;
  if (config.out.empty()) config.out = std::filesystem::path("out") / file.stem();
  return config;
}

Config read_config(const std::filesystem::path& file, const std::vector<std::string>& overrides) {
  Json json = read_json(file);
  for (const std::string& text : overrides) apply_override(json, text);
  return parse_config(json, file, std::filesystem::absolute(file).parent_path());
}

}  // namespace convlens::viz
