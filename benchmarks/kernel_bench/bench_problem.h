#pragma once

#include "engine/kernel_trial.h"
#include "engine/model.h"
#include "kernels/base/cases.h"
#include "kernels/base/json.h"
#include "kernels/base/registry.h"

namespace convlens::bench {

/// A case to be timed, and how often it occurs.
struct BenchProblem {
  OperatorCase c;
  bool input_is_activated = false;
  int count = 1;

  const Operator& op() const { return operator_by_name(c.op); }
  Problem problem(DataType type, Layout layout) const;
  Json to_json() const;
  std::string to_string() const;  ///< "conv2d vgg_conv1_1: 1x3x224x224 -> 1x64x224x224 {...}"
};

/// What all variants start from.
inline HostValues random_values(const BenchProblem& problem) {
  return convlens::random_values(problem.op(), problem.problem(DataType::f32, Layout::nchw));
}

/// The problem that a text names: a case of cases.json, a line as it stands there, or, for conv2d, sizes such as
/// n1c64h56w56k64r3s3p1 (conv2d_text.h). Throws InputError.
BenchProblem problem_from_text(const std::string& op, const std::string& text, const std::vector<OperatorCase>& cases);

/// The problem in the layouts that a variant takes, with the activation only if it fuses one.
Problem laid_out(const Variant& variant, const BenchProblem& origin);

/// The distinct problems that the engine has to solve in one pass of a model, after its rewriting: forward alone, or
/// back to the image.
std::vector<BenchProblem> problems_of_model(const Model& model, Pass pass);

}  // namespace convlens::bench
