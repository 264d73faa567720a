// y[n,c,p,q] = max over r, t of x[n, c, p s - pad + r, q s - pad + t], over the taps (r, t) that lie inside the input.
// With (r*, t*) the first tap at which that maximum is found, y depends on that one element and moves with it, so
// dL/dx[n, c, p s - pad + r*, q s - pad + t*] += dL/dy[n,c,p,q], and every other tap gets nothing.

#include <algorithm>
#include <cmath>

#include "kernels/base/registry.h"
#include "kernels/max_pool2d/max_pool2d.h"

namespace convlens {
namespace {

// Calls body(index of the output, plane of the input, p, q) for every element of the output.
template <class Body>
void for_each_output(const Problem& problem, const MaxPool2dSizes& s, const Body& body) {
  const int64_t planes = problem.output.shape.n() * problem.output.shape.c();
  for (int64_t plane = 0; plane < planes; ++plane)
    for (int64_t p = 0; p < s.y.output; ++p)
      for (int64_t q = 0; q < s.x.output; ++q)
        body((plane * s.y.output + p) * s.x.output + q, plane * s.y.input * s.x.input, p, q);
}

void set_note(std::byte* notes, const MaxPool2dSizes& s, int64_t i, int64_t tap) {
  if (!notes) return;
  if (s.taps() <= 256)
    reinterpret_cast<uint8_t*>(notes)[i] = static_cast<uint8_t>(tap);
  else
    reinterpret_cast<uint32_t*>(notes)[i] = static_cast<uint32_t>(tap);
}

int64_t note(const std::byte* notes, const MaxPool2dSizes& s, int64_t i) {
  return s.taps() <= 256 ? reinterpret_cast<const uint8_t*>(notes)[i] : reinterpret_cast<const uint32_t*>(notes)[i];
}

void forward(const Problem& problem, const Arguments& args) {
  const MaxPool2dSizes s(problem);
  const double* x = args.inputs[0].f64();
  for_each_output(problem, s, [&](int64_t i, int64_t plane, int64_t p, int64_t q) {
    double best = -std::numeric_limits<double>::infinity();
    int64_t best_tap = -1;
    for (int64_t r = 0; r < s.y.kernel; ++r)
      for (int64_t t = 0; t < s.x.kernel; ++t) {
        const int64_t h = p * s.y.stride - s.y.before + r, w = q * s.x.stride - s.x.before + t;
        if (h < 0 || h >= s.y.input || w < 0 || w >= s.x.input) continue;
        const double value = x[plane + h * s.x.input + w];
        if (best_tap < 0 || value > best || std::isnan(value)) {
          best = value;
          best_tap = r * s.x.kernel + t;
        }
      }
    args.output.f64()[i] = best;
    set_note(args.saved, s, i, best_tap);
  });
}

void backward_data(const Problem& problem, const Arguments& args) {
  const MaxPool2dSizes s(problem);
  double* grad_x = args.grad_inputs[0].f64();
  std::fill_n(grad_x, problem.inputs[0].elements(), 0.0);
  for_each_output(problem, s, [&](int64_t i, int64_t plane, int64_t p, int64_t q) {
    const int64_t tap = note(args.saved, s, i);
    const int64_t h = p * s.y.stride - s.y.before + tap / s.x.kernel;
    const int64_t w = q * s.x.stride - s.x.before + tap % s.x.kernel;
    grad_x[plane + h * s.x.input + w] += args.grad_output.f64()[i];
  });
}

const RegisterReference registered("max_pool2d", forward, backward_data);

}  // namespace
}  // namespace convlens
