#include "viz/algorithm.h"

#include <map>

#include "kernels/base/error.h"
#include "kernels/base/names.h"

namespace convlens::viz {
namespace {

std::map<std::string, AlgorithmInfo>& algorithms() {
  static std::map<std::string, AlgorithmInfo> instance;
  return instance;
}

}  // namespace

const AlgorithmInfo& algorithm_by_name(const std::string& name) {
  const auto it = algorithms().find(name);
  if (it == algorithms().end())
    throw InputError("there is no algorithm '" + name + "'" + did_you_mean(name, algorithm_names()));
  return it->second;
}

std::vector<std::string> algorithm_names() {
  std::vector<std::string> names;
  for (const auto& [name, info] : algorithms()) names.push_back(name);
  return names;
}

RegisterAlgorithm::RegisterAlgorithm(AlgorithmInfo info) {
  const std::string name = info.name;
  if (!algorithms().emplace(name, std::move(info)).second)
    throw InternalError("two algorithms are named '" + name + "'");
}

}  // namespace convlens::viz
