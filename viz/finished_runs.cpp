#include "viz/finished_runs.h"

#include "kernels/base/json.h"
#include "viz/versions.h"

namespace convlens::viz {
namespace {

std::string note_of(const std::string& prefix) { return prefix + "finished.json"; }

OutputFolder::Hashes hashes_of(const OutputFolder& folder, const std::string& prefix) {
  OutputFolder::Hashes some;
  for (const auto& [name, hash] : folder.hashes())
    if (name.starts_with(prefix)) some[name] = hash;
  return some;
}

bool agrees(const Json& entry, const Json& identity) {
  for (const auto& [key, value] : identity.items())
    if (entry.value(key, Json()) != value) return false;
  return true;
}

}  // namespace

void keep_finished(OutputFolder& folder, const std::string& prefix, const FinishedRun& run) {
  const Json note{
      {"convlens", versions()}, {"entry", run.entry}, {"section", run.section}, {"outputs", hashes_of(folder, prefix)}};
  folder.keep(note_of(prefix), note.dump(-1, ' ', false, Json::error_handler_t::replace));
}

std::optional<FinishedRun> take_up_finished(OutputFolder& folder, const std::string& prefix, const Json& identity) {
  const auto text = folder.kept(note_of(prefix));
  if (!text) return std::nullopt;
  const Json note = Json::parse(*text, nullptr, false);
  if (note.is_discarded() || note.at("convlens") != versions() || !agrees(note.at("entry"), identity) ||
      !folder.take_up(note.at("outputs")))
    return std::nullopt;
  return FinishedRun{note.at("entry"), note.at("section")};
}

}  // namespace convlens::viz
