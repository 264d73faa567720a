#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/plan.h"
#include "engine/session.h"
#include "kernels/base/params.h"

namespace convlens::viz {

class Run;

/// A network of a run's own making, and what is wanted of it.
struct Stage {
  std::string name;
  Model model;
  PlanRequest request;
};

/// One visualisation. Its own keys of the configuration are its members, told by describe(). It owns no mathematics of
/// layers: it says what it wants of the network, and makes pictures of what comes back.
class Algorithm : public Params {
 public:
  /// What it wants of the network; nothing if it only looks at weights, or makes networks of its own.
  virtual std::optional<PlanRequest> request(const Run&) const { return std::nullopt; }
  /// The sessions that it opens itself, one after the other, as far as they can be told before it runs.
  virtual std::vector<Stage> stages(const Run&) const { return {}; }
  /// What decides its results beside the model, the photo and its keys: name -> sha256, for run.json.
  virtual std::map<std::string, std::string> more_inputs() const { return {}; }
  /// `session` serves request(), and is null where there was none.
  virtual void execute(Run& run, Session* session) = 0;
};

struct AlgorithmInfo {
  std::string name, summary, source;  ///< `source`: the paper
  std::unique_ptr<Algorithm> (*make)();
};

const AlgorithmInfo& algorithm_by_name(const std::string& name);  ///< throws InputError with the nearest names
std::vector<std::string> algorithm_names();                       ///< sorted

/// An algorithm's file puts it into the list by one object of this type.
struct RegisterAlgorithm {
  explicit RegisterAlgorithm(AlgorithmInfo info);
};

template <class A>
std::unique_ptr<Algorithm> make_algorithm() {
  return std::make_unique<A>();
}

}  // namespace convlens::viz
