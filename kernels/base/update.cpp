#include "kernels/base/update.h"

#include <map>

#include "kernels/base/error.h"
#include "kernels/base/names.h"

namespace convlens {
namespace {

struct Registry {
  std::map<std::string, std::unique_ptr<Update>> updates;
  std::map<std::pair<std::string, Device>, UpdateVariant> variants;
};

// Made at its first use, as the order in which files register is not defined.
Registry& registry() {
  static Registry instance;
  return instance;
}

}  // namespace

std::vector<std::string> update_names() {
  std::vector<std::string> names;
  for (const auto& [name, update] : registry().updates) names.push_back(name);
  return names;
}

const Update& update_by_name(const std::string& name) {
  const auto it = registry().updates.find(name);
  if (it == registry().updates.end())
    throw InputError("there is no update '" + name + "'" + did_you_mean(name, update_names()));
  return *it->second;
}

const UpdateVariant& update_variant(const std::string& name, Device device) {
  const auto it = registry().variants.find({name, device});
  if (it == registry().variants.end())
    throw InputError("the update '" + name + "' is not in this build for " + to_string(device));
  return it->second;
}

RegisterUpdate::RegisterUpdate(std::unique_ptr<Update> update) {
  const std::string name = update->name();
  if (!registry().updates.emplace(name, std::move(update)).second)
    throw InternalError("two updates are named '" + name + "'");
}

RegisterUpdateVariant::RegisterUpdateVariant(const std::string& name, const UpdateVariant& variant) {
  if (!registry().variants.emplace(std::pair{name, variant.device}, variant).second)
    throw InternalError("the update '" + name + "' has two variants for " + to_string(variant.device));
}

}  // namespace convlens
