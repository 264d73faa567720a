// For one channel with P numbers in the batch:
//   m = (sum of x) / P,   v = (sum of (x - m)^2) / (P - 1)
//   dL/dx = dL/dm / P + dL/dv 2 (x - m) / (P - 1)

#include "kernels/base/registry.h"
#include "kernels/batch_statistics/batch_statistics.h"

namespace convlens {
namespace {

// Calls body(i) for every number of channel c in the batch.
template <class Body>
void for_channel(const Shape& shape, int64_t c, const Body& body) {
  const int64_t plane = shape.h() * shape.w();
  for (int64_t n = 0; n < shape.n(); ++n)
    for (int64_t i = 0; i < plane; ++i) body((n * shape.c() + c) * plane + i);
}

double mean_of(const Shape& shape, int64_t c, const double* x) {
  double sum = 0;
  for_channel(shape, c, [&](int64_t i) { sum += x[i]; });
  return sum / static_cast<double>(shape.n() * shape.h() * shape.w());
}

void forward(const Problem& problem, const Arguments& args) {
  const Shape& shape = problem.inputs[0].shape;
  const double* x = args.inputs[0].f64();
  for (int64_t c = 0; c < shape.c(); ++c) {
    const double mean = mean_of(shape, c, x);
    double squares = 0;
    for_channel(shape, c, [&](int64_t i) { squares += (x[i] - mean) * (x[i] - mean); });
    args.output.f64()[c] = mean;
    args.output.f64()[shape.c() + c] = squares / static_cast<double>(shape.n() * shape.h() * shape.w() - 1);
  }
}

void backward_data(const Problem& problem, const Arguments& args) {
  const Shape& shape = problem.inputs[0].shape;
  const auto count = static_cast<double>(shape.n() * shape.h() * shape.w());
  const double* x = args.inputs[0].f64();
  for (int64_t c = 0; c < shape.c(); ++c) {
    const double mean = mean_of(shape, c, x);
    const double grad_mean = args.grad_output.f64()[c], grad_variance = args.grad_output.f64()[shape.c() + c];
    for_channel(shape, c, [&](int64_t i) {
      args.grad_inputs[0].f64()[i] = grad_mean / count + grad_variance * 2 * (x[i] - mean) / (count - 1);
    });
  }
}

const RegisterReference registered("batch_statistics", forward, backward_data);

}  // namespace
}  // namespace convlens
