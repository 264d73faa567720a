// G[a,b] = sum over pixels p of F[a,p] F[b,p] / d, for each image (d: the divisor).
// F[a,p] is a factor of G[a,b] and of G[b,a] for every b, so
// dL/dF[a,p] = sum over b of (dL/dG[a,b] + dL/dG[b,a]) F[b,p] / d.

#include "kernels/base/gram_matrix.h"
#include "kernels/base/registry.h"

namespace convlens {
namespace {

void forward(const Problem& problem, const Arguments& args) {
  const Shape& shape = problem.inputs[0].shape;
  const int64_t channels = shape.c(), pixels = shape.h() * shape.w();
  const double divisor = gram_divisor(problem.params_as<GramParams>(), shape);
  for (int64_t n = 0; n < shape.n(); ++n) {
    const double* f = args.inputs[0].f64() + n * channels * pixels;
    for (int64_t a = 0; a < channels; ++a)
      for (int64_t b = 0; b < channels; ++b) {
        double sum = 0;
        for (int64_t p = 0; p < pixels; ++p) sum += f[a * pixels + p] * f[b * pixels + p];
        args.output.f64()[(n * channels + a) * channels + b] = sum / divisor;
      }
  }
}

void backward_data(const Problem& problem, const Arguments& args) {
  const Shape& shape = problem.inputs[0].shape;
  const int64_t channels = shape.c(), pixels = shape.h() * shape.w();
  const double divisor = gram_divisor(problem.params_as<GramParams>(), shape);
  for (int64_t n = 0; n < shape.n(); ++n) {
    const double* f = args.inputs[0].f64() + n * channels * pixels;
    const double* grad_g = args.grad_output.f64() + n * channels * channels;
    for (int64_t a = 0; a < channels; ++a)
      for (int64_t p = 0; p < pixels; ++p) {
        double sum = 0;
        for (int64_t b = 0; b < channels; ++b)
          sum += (grad_g[a * channels + b] + grad_g[b * channels + a]) * f[b * pixels + p];
        args.grad_inputs[0].f64()[(n * channels + a) * pixels + p] = sum / divisor;
      }
  }
}

const RegisterReference registered("gram", forward, backward_data);

}  // namespace
}  // namespace convlens
