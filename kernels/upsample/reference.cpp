// Along each axis an output o lies at position u among the inputs:
//   nearest    floor(o / scale)
//   bilinear   max((o + 1/2) / scale - 1/2, 0), or with align_corners o (i - 1) / (i scale - 1)
// and is (1 - f) x[l] + f x[min(l + 1, i - 1)] with l = floor(u), f = u - l. On the plane the weights of both axes
// multiply. y is linear in x: each product weight * x of that sum gives dL/dx += weight * dL/dy.

#include <algorithm>

#include "kernels/base/registry.h"
#include "kernels/upsample/upsample.h"

namespace convlens {
namespace {

// Calls body(y index, x index, weight) for the four products of every output.
template <class Body>
void for_each_product(const Problem& problem, const Body& body) {
  const auto& params = problem.params_as<UpsampleParams>();
  const Shape &x = problem.inputs[0].shape, &y = problem.output.shape;
  for (int64_t plane = 0; plane < y.n() * y.c(); ++plane)
    for (int64_t p = 0; p < y.h(); ++p)
      for (int64_t q = 0; q < y.w(); ++q) {
        const Interpolation v = upsample_at(params, x.h(), params.scale[0], p);
        const Interpolation u = upsample_at(params, x.w(), params.scale[1], q);
        const int64_t i = (plane * y.h() + p) * y.w() + q, low = (plane * x.h() + v.low) * x.w(),
                      high = (plane * x.h() + v.high) * x.w();
        body(i, low + u.low, (1 - v.weight) * (1 - u.weight));
        body(i, low + u.high, (1 - v.weight) * u.weight);
        body(i, high + u.low, v.weight * (1 - u.weight));
        body(i, high + u.high, v.weight * u.weight);
      }
}

void forward(const Problem& problem, const Arguments& args) {
  const double* x = args.inputs[0].f64();
  double* y = args.output.f64();
  std::fill_n(y, problem.output.elements(), 0.0);
  for_each_product(problem, [&](int64_t yi, int64_t xi, double weight) { y[yi] += weight * x[xi]; });
}

void backward_data(const Problem& problem, const Arguments& args) {
  const double* grad_y = args.grad_output.f64();
  double* grad_x = args.grad_inputs[0].f64();
  std::fill_n(grad_x, problem.inputs[0].elements(), 0.0);
  for_each_product(problem, [&](int64_t yi, int64_t xi, double weight) { grad_x[xi] += weight * grad_y[yi]; });
}

const RegisterReference registered("upsample", forward, backward_data);

}  // namespace
}  // namespace convlens
