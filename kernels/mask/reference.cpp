// y[n,c,h,w] = x[n,c,h,w] m[n,h,w], so
//   dL/dx[n,c,h,w] = m[n,h,w] dL/dy[n,c,h,w]
//   dL/dm[n,h,w] = sum over c of x[n,c,h,w] dL/dy[n,c,h,w], and over n too where m is one for all images

#include <algorithm>

#include "kernels/base/registry.h"
#include "kernels/mask/mask.h"

namespace convlens {
namespace {

// Calls body(i, k) for every element i of the features, which meets element k of the mask.
template <class Body>
void for_each_element(const Problem& problem, const Body& body) {
  const Shape &x = problem.inputs[0].shape, &mask = problem.inputs[1].shape;
  const int64_t pixels = x.h() * x.w();
  for (int64_t n = 0; n < x.n(); ++n)
    for (int64_t c = 0; c < x.c(); ++c)
      for (int64_t pixel = 0; pixel < pixels; ++pixel)
        body((n * x.c() + c) * pixels + pixel, n % mask.n() * pixels + pixel);
}

void forward(const Problem& problem, const Arguments& args) {
  const double *x = args.inputs[0].f64(), *mask = args.inputs[1].f64();
  for_each_element(problem, [&](int64_t i, int64_t k) { args.output.f64()[i] = x[i] * mask[k]; });
}

void backward_features(const Problem& problem, const Arguments& args) {
  const double *mask = args.inputs[1].f64(), *grad_y = args.grad_output.f64();
  for_each_element(problem, [&](int64_t i, int64_t k) { args.grad_inputs[0].f64()[i] = mask[k] * grad_y[i]; });
}

void backward_mask(const Problem& problem, const Arguments& args) {
  const double *x = args.inputs[0].f64(), *grad_y = args.grad_output.f64();
  double* grad_mask = args.grad_inputs[1].f64();
  std::fill_n(grad_mask, problem.inputs[1].shape.elements(), 0.0);
  for_each_element(problem, [&](int64_t i, int64_t k) { grad_mask[k] += x[i] * grad_y[i]; });
}

void backward_data(const Problem& problem, const Arguments& args) {
  if (args.grad_inputs[0]) backward_features(problem, args);
  if (args.grad_inputs[1]) backward_mask(problem, args);
}

const RegisterReference registered("mask", forward, backward_data);

}  // namespace
}  // namespace convlens
