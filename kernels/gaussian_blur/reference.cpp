// y[p,q] = sum over h, w of s_H(p,h) s_W(q,w) x[h,w] in every plane, where s(o,i) is the share of input i in output o:
//   zero     s(o,i) = g(o - i),  g the normalised Gaussian, zero beyond its radius
//   reflect  s(o,i) = g(o - i) + g(o + i) [i > 0] + g(2 (size - 1) - o - i) [i < size - 1]
// as the border shows i again at -i and at 2 (size - 1) - i. dL/dx[h,w] = sum over p, q of the same shares of
// dL/dy[p,q].

#include <algorithm>

#include "kernels/base/registry.h"
#include "kernels/gaussian_blur/gaussian_blur.h"

namespace convlens {
namespace {

// Calls body(y index, x index, share) for every pair that is near enough.
template <class Body>
void for_each_share(const Problem& problem, const Body& body) {
  const auto& params = problem.params_as<GaussianBlurParams>();
  const std::vector<double> weights = gaussian_weights(params.sigma);
  const int64_t radius = static_cast<int64_t>(weights.size()) - 1;
  const Shape& s = problem.output.shape;
  for (int64_t plane = 0; plane < s.n() * s.c(); ++plane)
    for (int64_t p = 0; p < s.h(); ++p)
      for (int64_t q = 0; q < s.w(); ++q)
        for (int64_t h = std::max<int64_t>(p - radius, 0); h <= std::min(p + radius, s.h() - 1); ++h)
          for (int64_t w = std::max<int64_t>(q - radius, 0); w <= std::min(q + radius, s.w() - 1); ++w)
            body((plane * s.h() + p) * s.w() + q, (plane * s.h() + h) * s.w() + w,
                 blur_share(weights, params.border, s.h(), p, h) * blur_share(weights, params.border, s.w(), q, w));
}

void forward(const Problem& problem, const Arguments& args) {
  std::fill_n(args.output.f64(), problem.output.elements(), 0.0);
  for_each_share(problem, [&](int64_t yi, int64_t xi, double share) {
    args.output.f64()[yi] += share * args.inputs[0].f64()[xi];
  });
}

void backward_data(const Problem& problem, const Arguments& args) {
  std::fill_n(args.grad_inputs[0].f64(), problem.output.elements(), 0.0);
  for_each_share(problem, [&](int64_t yi, int64_t xi, double share) {
    args.grad_inputs[0].f64()[xi] += share * args.grad_output.f64()[yi];
  });
}

const RegisterReference registered("gaussian_blur", forward, backward_data);

}  // namespace
}  // namespace convlens
