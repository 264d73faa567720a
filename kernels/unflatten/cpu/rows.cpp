// From a vector in any layout to NCHW and back. A vector lies in the same order in every layout, followed in a blocked
// one by the padding channels of its last block: so a vector is one copy.

#include <algorithm>

#include "kernels/base/cpu/parallel.h"
#include "kernels/base/registry.h"
#include "kernels/unflatten/unflatten.h"

namespace convlens {
namespace {

int64_t distance_of_vectors(const TensorDesc& vectors) {
  const BlockedExtents e(vectors);
  return e.blocks * e.block;
}

void forward(const Problem& problem, const Arguments& args) {
  const int64_t elements = problem.inputs[0].shape.c(), step = distance_of_vectors(problem.inputs[0]);
  parallel_for(problem.output.shape.n(), [&](int64_t n) {
    std::copy_n(args.inputs[0].f32() + n * step, elements, args.output.f32() + n * elements);
  });
}

void backward_data(const Problem& problem, const Arguments& args) {
  const int64_t elements = problem.inputs[0].shape.c(), step = distance_of_vectors(problem.inputs[0]);
  parallel_for(problem.output.shape.n(), [&](int64_t n) {
    float* grad_x = args.grad_inputs[0].f32() + n * step;
    std::copy_n(args.grad_output.f32() + n * elements, elements, grad_x);
    std::fill(grad_x + elements, grad_x + step, 0.0F);
  });
}

IoLayout layouts(const Problem& problem) { return {problem.inputs[0].layout, Layout::nchw}; }

std::optional<std::string> refuses(const Problem& problem) {
  if (problem.output.layout == Layout::nchw) return std::nullopt;
  return "gives NCHW";
}

Variant rows(Pass pass, RunFunction run) {
  return {.name = "rows",
          .device = Device::cpu,
          .pass = pass,
          .layouts = layouts,
          .refuses = refuses,
          .prepare = stateless(run)};
}

const RegisterVariant registered_forward("unflatten", rows(Pass::forward, forward));
const RegisterVariant registered_backward("unflatten", rows(Pass::backward_data, backward_data));

}  // namespace
}  // namespace convlens
