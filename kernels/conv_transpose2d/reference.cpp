// y[n,o,p,q] = b[o] + sum of w[i,o,r,t] x[n,i,h,w] over all i, h, w, r, t with p = h * stride - pad + r * dilation and
// q = w * stride - pad + t * dilation (i and o within one group; what falls outside the output is dropped).
// Each term w x of that sum gives the gradients its two factors: dL/dx += dL/dy w, dL/dw += dL/dy x; dL/db sums dL/dy.

#include <algorithm>

#include "kernels/base/registry.h"
#include "kernels/conv_transpose2d/conv_transpose2d.h"

namespace convlens {
namespace {

// Calls body(y index, x index, w index) for every product of image n's input channel i.
template <class Body>
void for_each_product(const ConvTranspose2dSizes& s, int64_t n, int64_t i, const Body& body) {
  const int64_t first = i / s.group_in * s.group_out;
  for (int64_t h = 0; h < s.y.input; ++h)
    for (int64_t w = 0; w < s.x.input; ++w)
      for (int64_t o = 0; o < s.group_out; ++o)
        for (int64_t r = 0; r < s.y.kernel; ++r)
          for (int64_t t = 0; t < s.x.kernel; ++t) {
            const int64_t p = h * s.y.stride - s.y.before + r * s.y.dilation;
            const int64_t q = w * s.x.stride - s.x.before + t * s.x.dilation;
            if (p < 0 || p >= s.y.output || q < 0 || q >= s.x.output) continue;
            body(((n * s.out_channels + first + o) * s.y.output + p) * s.x.output + q,
                 ((n * s.in_channels + i) * s.y.input + h) * s.x.input + w,
                 ((i * s.group_out + o) * s.y.kernel + r) * s.x.kernel + t);
          }
}

template <class Body>
void for_each_product(const ConvTranspose2dSizes& s, const Body& body) {
  for (int64_t n = 0; n < s.batch; ++n)
    for (int64_t i = 0; i < s.in_channels; ++i) for_each_product(s, n, i, body);
}

void forward(const Problem& problem, const Arguments& args) {
  const ConvTranspose2dSizes s(problem);
  const double *x = args.inputs[0].f64(), *w = args.weights[0].f64();
  double* y = args.output.f64();
  const int64_t plane = s.y.output * s.x.output;
  for (int64_t k = 0; k < s.batch * s.out_channels; ++k)
    std::fill_n(y + k * plane, plane, args.weights.size() > 1 ? args.weights[1].f64()[k % s.out_channels] : 0.0);
  for_each_product(s, [&](int64_t yi, int64_t xi, int64_t wi) { y[yi] += w[wi] * x[xi]; });
}

void backward_data(const Problem& problem, const Arguments& args) {
  const ConvTranspose2dSizes s(problem);
  const double *grad_y = args.grad_output.f64(), *w = args.weights[0].f64();
  double* grad_x = args.grad_inputs[0].f64();
  std::fill_n(grad_x, problem.inputs[0].elements(), 0.0);
  for_each_product(s, [&](int64_t yi, int64_t xi, int64_t wi) { grad_x[xi] += grad_y[yi] * w[wi]; });
}

void backward_weights(const Problem& problem, const Arguments& args) {
  const ConvTranspose2dSizes s(problem);
  const double *grad_y = args.grad_output.f64(), *x = args.inputs[0].f64();
  double* grad_w = args.grad_weights[0].f64();
  std::fill_n(grad_w, problem.weights[0].elements(), 0.0);
  for_each_product(s, [&](int64_t yi, int64_t xi, int64_t wi) { grad_w[wi] += grad_y[yi] * x[xi]; });
  if (args.grad_weights.size() < 2) return;
  double* grad_b = args.grad_weights[1].f64();
  std::fill_n(grad_b, s.out_channels, 0.0);
  const int64_t plane = s.y.output * s.x.output;
  for (int64_t i = 0; i < s.batch * s.out_channels * plane; ++i) grad_b[i / plane % s.out_channels] += grad_y[i];
}

const RegisterReference registered("conv_transpose2d", forward, backward_data, backward_weights);

}  // namespace
}  // namespace convlens
