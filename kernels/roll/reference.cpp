// With (d, r) the offsets of image n, rounded: y[n,c,p,q] = x[n,c,(p - d) mod H,(q - r) mod W].
// Each x is shown once, so dL/dx[n,c,h,w] = dL/dy[n,c,(h + d) mod H,(w + r) mod W]: the roll by (-d, -r). The offsets'
// gradient is 0, as rounding has none.

#include <algorithm>

#include "kernels/base/registry.h"
#include "kernels/roll/roll.h"

namespace convlens {
namespace {

// to[i] = from[source of i], by `sign` times the offsets.
void roll(const Shape& shape, const double* from, const double* offsets, double sign, double* to) {
  for (int64_t plane = 0; plane < shape.n() * shape.c(); ++plane) {
    const double* offset = offsets + 2 * (plane / shape.c());
    for (int64_t p = 0; p < shape.h(); ++p)
      for (int64_t q = 0; q < shape.w(); ++q) {
        const int64_t h = roll_source(shape.h(), sign * offset[0], p), w = roll_source(shape.w(), sign * offset[1], q);
        to[(plane * shape.h() + p) * shape.w() + q] = from[(plane * shape.h() + h) * shape.w() + w];
      }
  }
}

void forward(const Problem& problem, const Arguments& args) {
  roll(problem.output.shape, args.inputs[0].f64(), args.inputs[1].f64(), 1, args.output.f64());
}

void backward_data(const Problem& problem, const Arguments& args) {
  if (args.grad_inputs[0])
    roll(problem.output.shape, args.grad_output.f64(), args.inputs[1].f64(), -1, args.grad_inputs[0].f64());
  if (args.grad_inputs[1]) std::fill_n(args.grad_inputs[1].f64(), problem.inputs[1].elements(), 0.0);
}

const RegisterReference registered("roll", forward, backward_data);

}  // namespace
}  // namespace convlens
