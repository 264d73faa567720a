// s_c = k + alpha / size * sum of x_i^2 over i from c - size / 2 to c + (size - 1) / 2;  y_c = x_c s_c^-beta.
// dy_c/dx_i = (c == i) s_c^-beta - beta x_c s_c^(-beta - 1) * 2 alpha / size * x_i where i is in c's window, so
// dL/dx_i = s_i^-beta dL/dy_i - 2 alpha beta / size * x_i * sum over the c that have i in their window of
//           x_c s_c^(-beta - 1) dL/dy_c.

#include <algorithm>
#include <cmath>

#include "kernels/base/registry.h"
#include "kernels/lrn/lrn.h"

namespace convlens {
namespace {

// One pixel's channels: element c is values[c * step].
struct Pixel {
  const double* values;
  int64_t step, channels;
  double operator[](int64_t c) const { return values[c * step]; }
};

double denominator(const LrnParams& p, const Pixel& x, int64_t c) {
  double sum = 0;
  for (int64_t i = std::max<int64_t>(c - p.before(), 0); i <= std::min(c + p.after(), x.channels - 1); ++i)
    sum += x[i] * x[i];
  return p.k + p.alpha / static_cast<double>(p.size) * sum;
}

void forward(const Problem& problem, const Arguments& args) {
  const auto& p = problem.params_as<LrnParams>();
  const Shape& shape = problem.output.shape;
  const int64_t plane = shape.h() * shape.w(), image = shape.c() * plane;
  for (int64_t n = 0; n < shape.n(); ++n)
    for (int64_t i = 0; i < plane; ++i) {
      const Pixel x{args.inputs[0].f64() + n * image + i, plane, shape.c()};
      for (int64_t c = 0; c < shape.c(); ++c)
        args.output.f64()[n * image + c * plane + i] = x[c] * std::pow(denominator(p, x, c), -p.beta);
    }
}

void backward_data(const Problem& problem, const Arguments& args) {
  const auto& p = problem.params_as<LrnParams>();
  const Shape& shape = problem.output.shape;
  const int64_t plane = shape.h() * shape.w(), image = shape.c() * plane;
  const double factor = 2 * p.alpha * p.beta / static_cast<double>(p.size);
  for (int64_t n = 0; n < shape.n(); ++n)
    for (int64_t i = 0; i < plane; ++i) {
      const Pixel x{args.inputs[0].f64() + n * image + i, plane, shape.c()};
      const Pixel grad_y{args.grad_output.f64() + n * image + i, plane, shape.c()};
      for (int64_t j = 0; j < shape.c(); ++j) {
        double sum = 0;
        for (int64_t c = std::max<int64_t>(j - p.after(), 0); c <= std::min(j + p.before(), shape.c() - 1); ++c)
          sum += x[c] * std::pow(denominator(p, x, c), -p.beta - 1) * grad_y[c];
        args.grad_inputs[0].f64()[n * image + j * plane + i] =
            std::pow(denominator(p, x, j), -p.beta) * grad_y[j] - factor * x[j] * sum;
      }
    }
}

const RegisterReference registered("lrn", forward, backward_data);

}  // namespace
}  // namespace convlens
