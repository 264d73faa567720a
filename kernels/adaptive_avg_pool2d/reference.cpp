// y[n,c,p,q] = the mean of x[n,c,h,w] over floor(p H / P) <= h < ceil((p + 1) H / P), and w likewise.
// Each of the d elements of that window moves y by 1/d, so dL/dx[n,c,h,w] += dL/dy[n,c,p,q] / d.

#include <algorithm>

#include "kernels/adaptive_avg_pool2d/adaptive_avg_pool2d.h"
#include "kernels/base/registry.h"

namespace convlens {
namespace {

// Calls body(y index, x index, 1/d) for every element of every window.
template <class Body>
void for_each_element(const Problem& problem, const Body& body) {
  const Shape &x = problem.inputs[0].shape, &y = problem.output.shape;
  for (int64_t plane = 0; plane < y.n() * y.c(); ++plane)
    for (int64_t p = 0; p < y.h(); ++p)
      for (int64_t q = 0; q < y.w(); ++q) {
        const IndexRange rows = adaptive_window(x.h(), y.h(), p), columns = adaptive_window(x.w(), y.w(), q);
        for (int64_t h = rows.begin; h < rows.end; ++h)
          for (int64_t w = columns.begin; w < columns.end; ++w)
            body((plane * y.h() + p) * y.w() + q, (plane * x.h() + h) * x.w() + w,
                 1.0 / static_cast<double>(rows.size() * columns.size()));
      }
}

void forward(const Problem& problem, const Arguments& args) {
  const double* x = args.inputs[0].f64();
  double* y = args.output.f64();
  std::fill_n(y, problem.output.elements(), 0.0);
  for_each_element(problem, [&](int64_t yi, int64_t xi, double share) { y[yi] += share * x[xi]; });
}

void backward_data(const Problem& problem, const Arguments& args) {
  const double* grad_y = args.grad_output.f64();
  double* grad_x = args.grad_inputs[0].f64();
  std::fill_n(grad_x, problem.inputs[0].elements(), 0.0);
  for_each_element(problem, [&](int64_t yi, int64_t xi, double share) { grad_x[xi] += share * grad_y[yi]; });
}

const RegisterReference registered("adaptive_avg_pool2d", forward, backward_data);

}  // namespace
}  // namespace convlens
