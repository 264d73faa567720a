// y[n, c + channels before, p, q] = x[n, c, h(p), w(q)], and zero where that lies outside of x. With i = p - top,
//   zero     h = i
//   reflect  h = -i for i < 0, 2 (H - 1) - i for i >= H, else i
// An element of x may be shown several times (reflect) or not at all (crop): dL/dx is the sum of dL/dy where it is
// shown.

#include <algorithm>

#include "kernels/base/registry.h"
#include "kernels/pad/pad.h"

namespace convlens {
namespace {

// Calls body(y index, x index) for every element of y that shows one of x.
template <class Body>
void for_each_shown(const Problem& problem, const Body& body) {
  const auto& params = problem.params_as<PadParams>();
  const Shape &x = problem.inputs[0].shape, &y = problem.output.shape;
  for (int64_t n = 0; n < x.n(); ++n)
    for (int64_t c = 0; c < x.c(); ++c)
      for (int64_t p = 0; p < y.h(); ++p)
        for (int64_t q = 0; q < y.w(); ++q) {
          const int64_t h = pad_source(params.mode, x.h(), params.padding.top, p);
          const int64_t w = pad_source(params.mode, x.w(), params.padding.left, q);
          if (h < 0 || w < 0) continue;
          body(((n * y.c() + c + params.channels[0]) * y.h() + p) * y.w() + q,
               ((n * x.c() + c) * x.h() + h) * x.w() + w);
        }
}

void forward(const Problem& problem, const Arguments& args) {
  std::fill_n(args.output.f64(), problem.output.elements(), 0.0);
  for_each_shown(problem, [&](int64_t yi, int64_t xi) { args.output.f64()[yi] = args.inputs[0].f64()[xi]; });
}

void backward_data(const Problem& problem, const Arguments& args) {
  std::fill_n(args.grad_inputs[0].f64(), problem.inputs[0].elements(), 0.0);
  for_each_shown(problem, [&](int64_t yi, int64_t xi) { args.grad_inputs[0].f64()[xi] += args.grad_output.f64()[yi]; });
}

const RegisterReference registered("pad", forward, backward_data);

}  // namespace
}  // namespace convlens
