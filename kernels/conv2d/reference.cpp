// y[n,o,p,q] = b[o] + sum over i, r, s of w[o,i,r,s] x[n, i, p * stride - pad + r * dilation, q * stride - pad + s *
// dilation] (x is zero outside its bounds; o and i run within one group). Each term w x of that sum gives the gradients
// its two factors: dL/dx += dL/dy w, dL/dw += dL/dy x; dL/db sums dL/dy.

#include <algorithm>

#include "kernels/base/registry.h"
#include "kernels/conv2d/conv2d.h"

namespace convlens {
namespace {

// Calls body(y index, x index, w index) for every product of image n's output channel o.
template <class Body>
void for_each_product(const Conv2dSizes& s, int64_t n, int64_t o, const Body& body) {
  const int64_t first = o / s.group_out * s.group_in;
  for (int64_t p = 0; p < s.y.output; ++p)
    for (int64_t q = 0; q < s.x.output; ++q)
      for (int64_t i = 0; i < s.group_in; ++i)
        for (int64_t r = 0; r < s.y.kernel; ++r)
          for (int64_t t = 0; t < s.x.kernel; ++t) {
            const int64_t h = p * s.y.stride - s.y.before + r * s.y.dilation;
            const int64_t w = q * s.x.stride - s.x.before + t * s.x.dilation;
            if (h < 0 || h >= s.y.input || w < 0 || w >= s.x.input) continue;
            body(((n * s.out_channels + o) * s.y.output + p) * s.x.output + q,
                 ((n * s.in_channels + first + i) * s.y.input + h) * s.x.input + w,
                 ((o * s.group_in + i) * s.y.kernel + r) * s.x.kernel + t);
          }
}

void forward(const Problem& problem, const Arguments& args) {
  const Conv2dSizes s(problem);
  const double *x = args.inputs[0].f64(), *w = args.weights[0].f64();
  double* y = args.output.f64();
  const int64_t plane = s.y.output * s.x.output;
  for (int64_t n = 0; n < s.batch; ++n)
#pragma omp parallel for
    for (int64_t o = 0; o < s.out_channels; ++o) {
      std::fill_n(y + (n * s.out_channels + o) * plane, plane,
                  args.weights.size() > 1 ? args.weights[1].f64()[o] : 0.0);
      for_each_product(s, n, o, [&](int64_t yi, int64_t xi, int64_t wi) { y[yi] += w[wi] * x[xi]; });
    }
}

void backward_data(const Problem& problem, const Arguments& args) {
  const Conv2dSizes s(problem);
  const double *grad_y = args.grad_output.f64(), *w = args.weights[0].f64();
  double* grad_x = args.grad_inputs[0].f64();
  std::fill_n(grad_x, problem.inputs[0].elements(), 0.0);
  for (int64_t n = 0; n < s.batch; ++n)
    for (int64_t o = 0; o < s.out_channels; ++o)
      for_each_product(s, n, o, [&](int64_t yi, int64_t xi, int64_t wi) { grad_x[xi] += grad_y[yi] * w[wi]; });
}

void backward_weights(const Problem& problem, const Arguments& args) {
  const Conv2dSizes s(problem);
  const double *grad_y = args.grad_output.f64(), *x = args.inputs[0].f64();
  double* grad_w = args.grad_weights[0].f64();
  std::fill_n(grad_w, problem.weights[0].elements(), 0.0);
  for (int64_t n = 0; n < s.batch; ++n)
    for (int64_t o = 0; o < s.out_channels; ++o)
      for_each_product(s, n, o, [&](int64_t yi, int64_t xi, int64_t wi) { grad_w[wi] += grad_y[yi] * x[xi]; });
  if (args.grad_weights.size() < 2) return;
  double* grad_b = args.grad_weights[1].f64();
  std::fill_n(grad_b, s.out_channels, 0.0);
  const int64_t plane = s.y.output * s.x.output;
  for (int64_t i = 0; i < s.batch * s.out_channels * plane; ++i) grad_b[i / plane % s.out_channels] += grad_y[i];
}

const RegisterReference registered("conv2d", forward, backward_data, backward_weights);

}  // namespace
}  // namespace convlens
