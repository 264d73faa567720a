#include "viz/attribution/method.h"

#include <algorithm>
#include <sstream>

#include "kernels/base/error.h"
#include "kernels/base/names.h"
#include "kernels/base/params.h"
#include "viz/attribution/batches.h"

namespace convlens::viz {
namespace {

std::map<std::string, MethodInfo>& registry() {
  static std::map<std::string, MethodInfo> instance;
  return instance;
}

std::vector<std::string> method_names() {
  std::vector<std::string> names;
  for (const auto& [name, info] : registry()) names.push_back(name);
  return names;
}

// "a=1 b=text" as an object.
Json read_settings(std::istream& text, const std::string& where) {
  Json settings = Json::object();
  for (std::string setting; text >> setting;) {
    const size_t equals = setting.find('=');
    if (equals == std::string::npos || equals == 0)
      throw InputError(where + ": after a method's name must stand key=value, found \"" + setting + "\"");
    Json value = Json::parse(setting.substr(equals + 1), nullptr, false);
    if (value.is_discarded()) value = setting.substr(equals + 1);
    settings[setting.substr(0, equals)] = value;
  }
  return settings;
}

}  // namespace

PlanRequest Question::base_request() const {
  return {.device = device, .input_shapes = {{input_name(), input.shape}}, .observe = {model.output}};
}

void add_method(MethodInfo info) {
  const std::string name = info.name;
  if (!registry().emplace(name, std::move(info)).second)
    throw InternalError("two methods of attribution are named '" + name + "'");
}

std::vector<MethodInfo> attribution_methods() {
  std::vector<MethodInfo> list;
  for (const auto& [name, info] : registry()) list.push_back(info);
  return list;
}

std::unique_ptr<AttributionMethod> make_method(const std::string& text, const std::string& where) {
  std::istringstream stream(text);
  std::string name;
  stream >> name;
  const auto it = registry().find(name);
  if (it == registry().end())
    throw InputError(where + ": there is no method '" + name + "'" + did_you_mean(name, method_names()));
  auto method = it->second.make();
  read_params(*method, read_settings(stream, where), where, "");
  return method;
}

ClassQuestion choose_class(const Question& question, const NumberOrName& wanted, Session& session) {
  run_repeated(session, question.input_name(), question.input);
  const Array scores = first_of_batch(session.value(question.model.output));
  const int64_t index = find_class(question.model, wanted, scores);
  const auto ranking = ranked_classes(question.model, scores);
  return {question, *std::ranges::find(ranking, index, &ClassScore::index)};
}

}  // namespace convlens::viz
