// y_c = x_c - m - log(sum over i of e^(x_i - m)), with m = max over i of x_i: m changes nothing in the formula but
// keeps e^ in range. dy_c/dx_i = (c == i) - e^y_i, so dL/dx_i = dL/dy_i - e^y_i sum over c of dL/dy_c.

#include <algorithm>
#include <cmath>

#include "kernels/base/registry.h"

namespace convlens {
namespace {

// Calls body(at) for every pixel, where at(c) is the place of its channel c.
template <class Body>
void for_each_pixel(const Shape& shape, const Body& body) {
  const int64_t plane = shape.h() * shape.w();
  for (int64_t n = 0; n < shape.n(); ++n)
    for (int64_t p = 0; p < plane; ++p) body([=](int64_t c) { return (n * shape.c() + c) * plane + p; });
}

void forward(const Problem& problem, const Arguments& args) {
  const Shape& shape = problem.output.shape;
  const double* x = args.inputs[0].f64();
  double* y = args.output.f64();
  for_each_pixel(shape, [&](const auto& at) {
    double max = x[at(0)], sum = 0;
    for (int64_t c = 1; c < shape.c(); ++c) max = std::max(max, x[at(c)]);
    for (int64_t c = 0; c < shape.c(); ++c) sum += std::exp(x[at(c)] - max);
    for (int64_t c = 0; c < shape.c(); ++c) y[at(c)] = x[at(c)] - max - std::log(sum);
  });
}

void backward_data(const Problem& problem, const Arguments& args) {
  const Shape& shape = problem.output.shape;
  const double *y = args.output.f64(), *grad_y = args.grad_output.f64();
  double* grad_x = args.grad_inputs[0].f64();
  for_each_pixel(shape, [&](const auto& at) {
    double sum = 0;
    for (int64_t c = 0; c < shape.c(); ++c) sum += grad_y[at(c)];
    for (int64_t c = 0; c < shape.c(); ++c) grad_x[at(c)] = grad_y[at(c)] - std::exp(y[at(c)]) * sum;
  });
}

const RegisterReference registered("log_softmax", forward, backward_data);

}  // namespace
}  // namespace convlens
