#include "benchmarks/kernel_bench/candidates.h"

#include <algorithm>
#include <set>

#include "engine/plan_defaults.h"
#include "engine/preferred_variants.h"
#include "kernels/base/cpu/blocked_layout.h"

namespace convlens::bench {

namespace {

// Channels are blocked for the vectors of a CPU.
std::vector<Layout> layouts_on(Device device) {
  if (device == Device::cuda || device == Device::simt) return {Layout::nchw, Layout::nhwc};
  return {cpu_blocked_layout(), Layout::nchw, Layout::nhwc};
}

}  // namespace

std::string Candidate::layout() const {
  const std::string from = to_string(problem.inputs[0].layout), to = to_string(problem.output.layout);
  return from == to ? from : from + ">" + to;
}

std::string Candidate::refusal() const {
  if (problem.activation && !variant->fuses_activation) return "does not fuse the activation";
  return variant->refuses ? variant->refuses(problem).value_or("") : "";
}

std::vector<Candidate> candidates(const BenchProblem& origin, const Selection& selection) {
  std::vector<Candidate> list;
  std::set<std::string> seen;
  const double most_error = plan_defaults().most_error;
  for (const Variant* variant : preferred_variants(origin.c.op, selection.pass, selection.device, most_error)) {
    if (!selection.variants.empty() && !std::ranges::count(selection.variants, variant->name)) continue;
    for (const Layout layout : layouts_on(selection.device)) {
      Problem problem = origin.problem(DataType::f32, layout);
      if (selection.pass != Pass::forward) problem.activation.reset();
      if (variant->layouts) {
        const IoLayout io = variant->layouts(problem);
        for (TensorDesc& input : problem.inputs) input.layout = io.input;
        problem.output.layout = io.output;
      }
      const Candidate candidate{variant, problem};
      if (seen.insert(variant->name + candidate.layout()).second) list.push_back(candidate);
    }
  }
  return list;
}

}  // namespace convlens::bench
