// y[n,c,p,q] = 1/d[p,q] * sum over r, t of x[n, c, p s - pad + r, q s - pad + t], over the taps that lie inside the
// input. d[p,q] is the number of elements under the window: inside the input, or, where padding counts, inside the
// padded input. dy/dx is 1/d[p,q] for each of those taps, so dL/dx[n, c, p s - pad + r, q s - pad + t] +=
// dL/dy[n,c,p,q] / d[p,q].

#include <algorithm>

#include "kernels/avg_pool2d/avg_pool2d.h"
#include "kernels/base/registry.h"

namespace convlens {
namespace {

bool is_counted(int64_t i, const WindowAxis& a, bool count_padding) {
  return count_padding ? i < a.input + a.after : i >= 0 && i < a.input;
}

int64_t divisor(const AvgPool2dSizes& s, int64_t p, int64_t q) {
  int64_t count = 0;
  for (int64_t r = 0; r < s.y.kernel; ++r)
    for (int64_t t = 0; t < s.x.kernel; ++t)
      count += is_counted(p * s.y.stride - s.y.before + r, s.y, s.count_padding) &&
               is_counted(q * s.x.stride - s.x.before + t, s.x, s.count_padding);
  return count;
}

// Calls body(y index, x index, 1/d) for every tap inside the input.
template <class Body>
void for_each_tap(const Problem& problem, const Body& body) {
  const AvgPool2dSizes s(problem);
  const int64_t planes = problem.output.shape.n() * problem.output.shape.c();
  for (int64_t plane = 0; plane < planes; ++plane)
    for (int64_t p = 0; p < s.y.output; ++p)
      for (int64_t q = 0; q < s.x.output; ++q)
        for (int64_t r = 0; r < s.y.kernel; ++r)
          for (int64_t t = 0; t < s.x.kernel; ++t) {
            const int64_t h = p * s.y.stride - s.y.before + r, w = q * s.x.stride - s.x.before + t;
            if (h < 0 || h >= s.y.input || w < 0 || w >= s.x.input) continue;
            body((plane * s.y.output + p) * s.x.output + q, (plane * s.y.input + h) * s.x.input + w,
                 1.0 / static_cast<double>(divisor(s, p, q)));
          }
}

void forward(const Problem& problem, const Arguments& args) {
  const double* x = args.inputs[0].f64();
  double* y = args.output.f64();
  std::fill_n(y, problem.output.elements(), 0.0);
  for_each_tap(problem, [&](int64_t yi, int64_t xi, double share) { y[yi] += share * x[xi]; });
}

void backward_data(const Problem& problem, const Arguments& args) {
  const double* grad_y = args.grad_output.f64();
  double* grad_x = args.grad_inputs[0].f64();
  std::fill_n(grad_x, problem.inputs[0].elements(), 0.0);
  for_each_tap(problem, [&](int64_t yi, int64_t xi, double share) { grad_x[xi] += share * grad_y[yi]; });
}

const RegisterReference registered("avg_pool2d", forward, backward_data);

}  // namespace
}  // namespace convlens
