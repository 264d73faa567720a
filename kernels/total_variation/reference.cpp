// With dx = x[h,w+1] - x[h,w] and dy = x[h+1,w] - x[h,w], each zero where the neighbour is outside the image:
//   L = sum over channels and pixels of f(dx, dy)
//   l1: f = |dx| + |dy|                   df/dx = sign(dx)
//   l2: f = dx^2 + dy^2                   df/dx = 2 dx
//   beta: f = (dx^2 + dy^2)^(beta/2)      df/dx = beta (dx^2 + dy^2)^(beta/2 - 1) dx
// and alike for dy; zero where dx = dy = 0, also where f has a kink there (l1, beta = 1). A pixel is in three terms:
// its own with -1, its left neighbour's dx and its upper neighbour's dy with +1, so
//   dL/dx[h,w] = -df/dx[h,w] - df/dy[h,w] + df/dx[h,w-1] + df/dy[h-1,w].

#include <algorithm>
#include <cmath>

#include "kernels/base/registry.h"
#include "kernels/total_variation/total_variation.h"

namespace convlens {
namespace {

struct Term {
  double value, by_dx, by_dy;
};

double sign(double v) { return v > 0 ? 1 : v < 0 ? -1 : 0; }

Term term(const TotalVariationParams& p, double dx, double dy) {
  const double squares = dx * dx + dy * dy;
  switch (p.norm) {
    case VariationNorm::l1: return {std::abs(dx) + std::abs(dy), sign(dx), sign(dy)};
    case VariationNorm::l2: return {squares, 2 * dx, 2 * dy};
    case VariationNorm::beta: break;
  }
  if (squares == 0) return {};
  const double factor = p.beta * std::pow(squares, p.beta / 2 - 1);
  return {std::pow(squares, p.beta / 2), factor * dx, factor * dy};
}

// Calls body(term, index, index of the right neighbour, of the lower one) for every pixel of every plane; a neighbour
// outside is the pixel itself.
template <class Body>
void for_each_term(const Problem& problem, const double* x, const Body& body) {
  const Shape& shape = problem.inputs[0].shape;
  for (int64_t i = 0; i < shape.elements(); ++i) {
    const int64_t w = i % shape.w(), h = i / shape.w() % shape.h();
    const int64_t right = w + 1 < shape.w() ? i + 1 : i, below = h + 1 < shape.h() ? i + shape.w() : i;
    body(term(problem.params_as<TotalVariationParams>(), x[right] - x[i], x[below] - x[i]), i, right, below);
  }
}

void forward(const Problem& problem, const Arguments& args) {
  const int64_t image = problem.inputs[0].elements() / problem.inputs[0].shape.n();
  double* y = args.output.f64();
  std::fill_n(y, problem.output.elements(), 0.0);
  for_each_term(problem, args.inputs[0].f64(),
                [&](const Term& t, int64_t i, int64_t, int64_t) { y[i / image] += t.value; });
}

void backward_data(const Problem& problem, const Arguments& args) {
  const int64_t image = problem.inputs[0].elements() / problem.inputs[0].shape.n();
  double* grad_x = args.grad_inputs[0].f64();
  std::fill_n(grad_x, problem.inputs[0].elements(), 0.0);
  for_each_term(problem, args.inputs[0].f64(), [&](const Term& t, int64_t i, int64_t right, int64_t below) {
    const double g = args.grad_output.f64()[i / image];
    grad_x[i] -= g * (t.by_dx + t.by_dy);
    grad_x[right] += g * t.by_dx;
    grad_x[below] += g * t.by_dy;
  });
}

const RegisterReference registered("total_variation", forward, backward_data);

}  // namespace
}  // namespace convlens
