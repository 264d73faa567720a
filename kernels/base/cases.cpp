#include "kernels/base/cases.h"

#include <algorithm>
#include <fstream>

#include "kernels/base/error.h"
#include "kernels/base/json.h"
#include "kernels/base/params.h"

namespace convlens {
namespace {

OperatorCase read_case(const std::string& op, const Json& json, const std::string& file) {
  OperatorCase c{.op = op, .name = json.at("name"), .params = operator_by_name(op).new_params()};
  for (const auto& input : json.at("inputs"))
    c.inputs.emplace_back(std::span<const int64_t>(input.get<std::vector<int64_t>>()));
  read_params(*c.params, json.value("params", Json::object()), file, c.name + ".params");
  if (json.contains("activation")) {
    c.activation.emplace();
    c.activation->negative_slope = json["activation"].value("negative_slope", c.activation->negative_slope);
    c.activation->max_value = json["activation"].value("max_value", c.activation->max_value);
  }
  c.bench = json.value("bench", false);
  return c;
}

}  // namespace

Problem OperatorCase::problem(DataType type, Layout layout) const {
  Problem problem = make_problem(operator_by_name(op), params, inputs, type, layout);
  problem.activation = activation;
  return problem;
}

std::vector<OperatorCase> read_cases(const std::filesystem::path& kernels_folder) {
  std::vector<OperatorCase> cases;
  for (const std::string& op : operator_names()) {
    const std::filesystem::path file = kernels_folder / op / "cases.json";
    std::ifstream stream(file);
    if (!stream) throw InputError(file.string() + ": the operator has no cases");
    try {
      for (const Json& json : Json::parse(stream)) cases.push_back(read_case(op, json, file.string()));
    } catch (const Json::exception& error) {
      throw InputError(file.string() + ": " + error.what());
    }
  }
  return cases;
}

}  // namespace convlens
