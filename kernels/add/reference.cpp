// y = x_1 + x_2 + ... Every dy/dx_i is 1, so dL/dx_i = dL/dy: there is nothing to compute in the backward pass.

#include "kernels/add/add.h"
#include "kernels/base/registry.h"

namespace convlens {
namespace {

void forward(const Problem& problem, const Arguments& args) {
  for (int64_t i = 0; i < problem.output.elements(); ++i) {
    double sum = 0;
    for (const TensorView& x : args.inputs) sum += x.f64()[i];
    args.output.f64()[i] = sum;
  }
}

const RegisterReference registered("add", forward);

}  // namespace
}  // namespace convlens
