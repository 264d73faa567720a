#include "viz/optimisation/checkpoint.h"

#include "kernels/base/error.h"
#include "viz/versions.h"

namespace convlens::viz {
namespace {

constexpr const char* note = "checkpoint";

// Everything on which the numbers of the run depend.
Json fingerprint(const Run& run) { return {{"convlens", versions()}, {"run", run.identity}}; }

}  // namespace

Checkpoint::Checkpoint(Run& run) : run_(run) {
  const auto text = run.kept(note);
  if (!text) return;
  const Json kept = Json::from_cbor(*text, true, false);
  const std::string where = (run.out() / ".unfinished").string() + ": what an interrupted program kept ",
                    anew = "; without --resume the run begins anew";
  if (!kept.is_object() || !kept.contains("loops") || !kept["loops"].is_object())
    throw InputError(where + "is damaged" + anew);
  if (kept.value("fingerprint", Json()) != fingerprint(run))
    throw InputError(where + "is of another configuration, model, photo or version" + anew);
  loops_ = kept["loops"];
}

const Json* Checkpoint::find(const std::string& loop) const { return loops_.contains(loop) ? &loops_[loop] : nullptr; }

void Checkpoint::keep(const std::string& loop, Json state) {
  loops_[loop] = std::move(state);
  const auto bytes = Json::to_cbor(Json{{"fingerprint", fingerprint(run_)}, {"loops", loops_}});
  run_.keep(note, std::string(bytes.begin(), bytes.end()));
}

}  // namespace convlens::viz
