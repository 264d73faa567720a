// For each image, G[a,b] = sum over pixels p of F[a,p] F[b,p] / d and y = weight * sum over a, b of (G[a,b] -
// A[a,b])^2. dy/dG[a,b] = 2 weight (G[a,b] - A[a,b]), and F[a,p] is a factor of G[a,b] and of G[b,a], so with G = G^T
// dL/dF[a,p] = dL/dy 4 weight / d * sum over b of S[a,b] F[b,p],   S = G - (A + A^T) / 2,
// which is G - A for a target that is a Gram matrix. S is saved.

#include "kernels/base/registry.h"
#include "kernels/gram_loss/gram_loss.h"

namespace convlens {
namespace {

void forward(const Problem& problem, const Arguments& args) {
  const Shape& shape = problem.inputs[0].shape;
  const int64_t channels = shape.c(), pixels = shape.h() * shape.w();
  const auto& params = problem.params_as<GramLossParams>();
  const double divisor = gram_divisor(params, shape), *target = args.weights[0].f64();
  auto* saved = reinterpret_cast<double*>(args.saved);
  for (int64_t n = 0; n < shape.n(); ++n) {
    const double* f = args.inputs[0].f64() + n * channels * pixels;
    double squares = 0;
    for (int64_t a = 0; a < channels; ++a)
      for (int64_t b = 0; b < channels; ++b) {
        double sum = 0;
        for (int64_t p = 0; p < pixels; ++p) sum += f[a * pixels + p] * f[b * pixels + p];
        const double to_target = sum / divisor - target[a * channels + b];
        const double to_transpose = sum / divisor - target[b * channels + a];
        squares += to_target * to_target;
        if (saved) saved[(n * channels + a) * channels + b] = (to_target + to_transpose) / 2;
      }
    args.output.f64()[n] = params.weight * squares;
  }
}

void backward_data(const Problem& problem, const Arguments& args) {
  const Shape& shape = problem.inputs[0].shape;
  const int64_t channels = shape.c(), pixels = shape.h() * shape.w();
  for (int64_t n = 0; n < shape.n(); ++n) {
    const double* f = args.inputs[0].f64() + n * channels * pixels;
    const double* s = reinterpret_cast<const double*>(args.saved) + n * channels * channels;
    const double factor = 4 * gram_loss_factor(problem) * args.grad_output.f64()[n];
    for (int64_t a = 0; a < channels; ++a)
      for (int64_t p = 0; p < pixels; ++p) {
        double sum = 0;
        for (int64_t b = 0; b < channels; ++b) sum += s[a * channels + b] * f[b * pixels + p];
        args.grad_inputs[0].f64()[(n * channels + a) * pixels + p] = factor * sum;
      }
  }
}

const RegisterReference registered("gram_loss", forward, backward_data);

}  // namespace
}  // namespace convlens
