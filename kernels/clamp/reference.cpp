// y = min(max(x, min), max);  dL/dx = dL/dy where min <= x <= max, else 0. At the limits themselves the gradient
// passes, as in PyTorch.

#include <algorithm>

#include "kernels/base/registry.h"
#include "kernels/clamp/clamp.h"

namespace convlens {
namespace {

void forward(const Problem& problem, const Arguments& args) {
  const Interval interval = clamp_interval(problem.params_as<ClampParams>());
  for (int64_t i = 0; i < problem.output.elements(); ++i)
    args.output.f64()[i] = std::clamp(args.inputs[0].f64()[i], interval.low, interval.high);
}

void backward_data(const Problem& problem, const Arguments& args) {
  const Interval interval = clamp_interval(problem.params_as<ClampParams>());
  for (int64_t i = 0; i < problem.output.elements(); ++i) {
    const double x = args.inputs[0].f64()[i];
    args.grad_inputs[0].f64()[i] = interval.low <= x && x <= interval.high ? args.grad_output.f64()[i] : 0;
  }
}

const RegisterReference registered("clamp", forward, backward_data);

}  // namespace
}  // namespace convlens
