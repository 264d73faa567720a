#include "benchmarks/kernel_bench/bench_problem.h"

#include <algorithm>

#include "benchmarks/kernel_bench/conv2d_text.h"
#include "engine/plan.h"
#include "kernels/base/error.h"
#include "kernels/base/json.h"
#include "kernels/base/names.h"
#include "kernels/base/params.h"

namespace convlens::bench {
namespace {

OperatorCase case_from_json(const std::string& op, const std::string& text) {
  try {
    const Json json = Json::parse(text);
    OperatorCase c{.op = op, .name = json.value("name", "given"), .params = operator_by_name(op).new_params()};
    for (const Json& input : json.at("inputs"))
      c.inputs.emplace_back(std::span<const int64_t>(input.get<std::vector<int64_t>>()));
    read_params(*c.params, json.value("params", Json::object()), "--case", "params");
    return c;
  } catch (const Json::exception& error) {
    throw InputError("--case '" + text + "' is no problem: " + error.what());
  }
}

bool same_problem(const BenchProblem& a, const BenchProblem& b) {
  const auto activation = [](const BenchProblem& p) {
    return p.c.activation ? std::pair{p.c.activation->negative_slope, p.c.activation->max_value} : std::pair{1.0, 0.0};
  };
  return a.c.op == b.c.op && a.c.inputs == b.c.inputs && a.input_is_activated == b.input_is_activated &&
         activation(a) == activation(b) && write_params(*a.c.params) == write_params(*b.c.params);
}

BenchProblem problem_of_step(const Step& step) {
  BenchProblem p{.c = {.op = step.source->op->name(), .name = step.layer, .params = step.problem.params}};
  for (const TensorDesc& input : step.problem.inputs) p.c.inputs.push_back(input.shape);
  p.c.activation = step.problem.activation;
  p.input_is_activated = step.problem.input_is_activated;
  return p;
}

}  // namespace

Problem BenchProblem::problem(DataType type, Layout layout) const {
  Problem problem = c.problem(type, layout);
  problem.input_is_activated = input_is_activated;
  return problem;
}

Json BenchProblem::to_json() const {
  Json shapes = Json::array();
  for (const Shape& s : c.inputs) shapes.push_back({s.n(), s.c(), s.h(), s.w()});
  return {{"op", c.op}, {"case", c.name}, {"inputs", shapes}, {"params", write_params(*c.params)}, {"count", count}};
}

std::string BenchProblem::to_string() const {
  const Problem p = problem(DataType::f32, Layout::nchw);
  std::string text = c.op + " " + c.name + ":";
  for (const TensorDesc& input : p.inputs) text += " " + input.shape.to_string();
  return text + " -> " + p.output.shape.to_string() + " " + write_params(*c.params).dump() +
         (c.activation ? " + activation" : "");
}

BenchProblem problem_from_text(const std::string& op, const std::string& text, const std::vector<OperatorCase>& cases) {
  if (text.starts_with('{')) return {case_from_json(op, text)};
  std::vector<std::string> names;
  for (const OperatorCase& c : cases) {
    if (c.op == op && c.name == text) return {c};
    if (c.op == op) names.push_back(c.name);
  }
  if (op == "conv2d" && is_conv2d_text(text)) return {conv2d_from_text(text)};
  throw InputError(op + " has no case '" + text + "'" + did_you_mean(text, names));
}

Problem laid_out(const Variant& variant, const BenchProblem& origin) {
  Problem problem = origin.problem(DataType::f32, Layout::nchw);
  if (variant.pass != Pass::forward || !variant.fuses_activation) problem.activation.reset();
  if (variant.layouts) {
    const IoLayout io = variant.layouts(problem);
    for (TensorDesc& input : problem.inputs) input.layout = io.input;
    problem.output.layout = io.output;
  }
  return problem;
}

std::vector<BenchProblem> problems_of_model(const Model& model, Pass pass) {
  PlanRequest request{.observe = {model.output}};
  if (pass != Pass::forward) request = {.losses = {model.output}, .gradients = {model.image_input().name}};
  request.weight_gradients = pass == Pass::backward_weights;
  std::vector<BenchProblem> list;
  const Plan plan = make_plan(model, request);
  // What the CPU passes back as part of another layer's work other devices do by itself.
  const auto is_passed_on = [&](const Step& step) {
    return pass == Pass::backward_data && step.pass == Pass::forward && plan.fused_backward.contains(step.layer);
  };
  for (const Step& step : plan.steps) {
    if (step.kind != Step::Kind::kernel || (step.pass != pass && !is_passed_on(step))) continue;
    const BenchProblem found = problem_of_step(step);
    const auto known = std::ranges::find_if(list, [&](const BenchProblem& p) { return same_problem(p, found); });
    if (known == list.end())
      list.push_back(found);
    else
      ++known->count;
  }
  return list;
}

}  // namespace convlens::bench
