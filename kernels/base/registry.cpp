#include "kernels/base/registry.h"

#include <algorithm>
#include <map>

#include "kernels/base/cuda_module.h"
#include "kernels/base/error.h"
#include "kernels/base/names.h"

namespace convlens {
namespace {

struct Registry {
  std::map<std::string, std::unique_ptr<Operator>> operators;
  std::multimap<std::string, Variant> variants;
};

// Made at its first use, as the order in which files register is not defined.
Registry& registry() {
  static Registry instance;
  return instance;
}

std::vector<const Variant*> registered(const std::string& op, Pass pass, Device device) {
  std::vector<const Variant*> found;
  const auto [begin, end] = registry().variants.equal_range(op);
  for (auto it = begin; it != end; ++it)
    if (it->second.pass == pass && it->second.device == device) found.push_back(&it->second);
  return found;
}

}  // namespace

std::vector<std::string> operator_names() {
  std::vector<std::string> names;
  for (const auto& [name, op] : registry().operators) names.push_back(name);
  return names;
}

const Operator& operator_by_name(const std::string& name) {
  const auto it = registry().operators.find(name);
  if (it == registry().operators.end())
    throw InputError("there is no operator '" + name + "'" + did_you_mean(name, operator_names()));
  return *it->second;
}

std::vector<const Variant*> variants(const std::string& op, Pass pass, Device device) {
  if (device == Device::cuda) load_cuda_module();  // in which they are
  auto found = registered(op, pass, device);
  // By name where priorities are equal: the order must not depend on the linker.
  std::ranges::sort(found, [](const Variant* a, const Variant* b) {
    return a->priority != b->priority ? a->priority > b->priority : a->name < b->name;
  });
  return found;
}

RegisterOperator::RegisterOperator(std::unique_ptr<Operator> op) {
  const std::string name = op->name();
  if (!registry().operators.emplace(name, std::move(op)).second)
    throw InternalError("two operators are named '" + name + "'");
}

RegisterVariant::RegisterVariant(const std::string& op, Variant variant) {
  for (const Variant* other : registered(op, variant.pass, variant.device))
    if (other->name == variant.name)
      throw InternalError("two variants of '" + op + "' are named '" + variant.name + "'");
  registry().variants.emplace(op, std::move(variant));
}

RegisterReference::RegisterReference(const std::string& op, RunFunction forward, RunFunction backward_data,
                                     RunFunction backward_weights) {
  const auto add = [&](Pass pass, RunFunction run) {
    if (run)
      RegisterVariant(op, {.name = "loops", .device = Device::reference, .pass = pass, .prepare = stateless(run)});
  };
  add(Pass::forward, forward);
  add(Pass::backward_data, backward_data);
  add(Pass::backward_weights, backward_weights);
}

Problem make_problem(const Operator& op, std::shared_ptr<Params> params, std::span<const Shape> inputs, DataType type,
                     Layout layout) {
  Problem problem;
  problem.output = {op.infer(*params, inputs), type, layout};
  for (const Shape& shape : inputs) problem.inputs.push_back({shape, type, layout});
  for (const WeightSpec& spec : op.weights(*params, inputs))
    problem.weights.push_back({spec.shape, type, Layout::nchw});
  problem.params = std::move(params);
  return problem;
}

}  // namespace convlens
