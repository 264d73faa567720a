// Output (p, q) shows column u = a x + b y + c and row v = d x + e y + f, where x, y, u and v are counted from the
// middle. With i = floor(u), t = u - i, j = floor(v), s = v - j, and X the image with zeros around it:
//   y[p,q] = (1 - s) ((1 - t) X[j,i] + t X[j,i+1]) + s ((1 - t) X[j+1,i] + t X[j+1,i+1])
//   dL/dX[h,w] = sum over p, q of the same shares of dL/dy[p,q]
//   dL/d(a, b, c) = sum over p, q and channels of dL/dy dy/du (x, y, 1),   dL/d(d, e, f) likewise with dy/dv
//   dy/du = (1 - s) (X[j,i+1] - X[j,i]) + s (X[j+1,i+1] - X[j+1,i]),       dy/dv likewise

#include <algorithm>
#include <cmath>

#include "kernels/affine/affine.h"
#include "kernels/base/registry.h"

namespace convlens {
namespace {

// Calls body(output's index in its plane, p, q, u, v) for every pixel of one image.
template <class Body>
void for_each_position(const Shape& shape, const double* matrix, const Body& body) {
  const double middle_x = 0.5 * static_cast<double>(shape.w() - 1), middle_y = 0.5 * static_cast<double>(shape.h() - 1);
  for (int64_t p = 0; p < shape.h(); ++p)
    for (int64_t q = 0; q < shape.w(); ++q) {
      const double x = static_cast<double>(q) - middle_x, y = static_cast<double>(p) - middle_y;
      body(p * shape.w() + q, x, y, matrix[0] * x + matrix[1] * y + matrix[2] + middle_x,
           matrix[3] * x + matrix[4] * y + matrix[5] + middle_y);
    }
}

// Calls body(input's index in its plane, dv, du) for the pixels inside that lie less than 1 from (v, u) in both axes.
template <class Body>
void for_each_neighbour(const Shape& shape, double v, double u, const Body& body) {
  for (const double h : {std::floor(v), std::floor(v) + 1})
    for (const double w : {std::floor(u), std::floor(u) + 1})
      if (h >= 0 && h < static_cast<double>(shape.h()) && w >= 0 && w < static_cast<double>(shape.w()))
        body(static_cast<int64_t>(h) * shape.w() + static_cast<int64_t>(w), v - h, u - w);
}

double share(double distance) { return 1 - std::abs(distance); }

// Of share(); that of the next pixel, to which the distance is below 0, grows.
double slope(double distance) { return distance < 0 ? 1 : -1; }

void forward(const Problem& problem, const Arguments& args) {
  const Shape& shape = problem.output.shape;
  const int64_t pixels = shape.h() * shape.w();
  std::fill_n(args.output.f64(), shape.elements(), 0.0);
  for (int64_t plane = 0; plane < shape.n() * shape.c(); ++plane) {
    const double* x = args.inputs[0].f64() + plane * pixels;
    double* y = args.output.f64() + plane * pixels;
    for_each_position(
        shape, args.inputs[1].f64() + plane / shape.c() * 6, [&](int64_t o, double, double, double u, double v) {
          for_each_neighbour(shape, v, u,
                             [&](int64_t i, double dv, double du) { y[o] += share(dv) * share(du) * x[i]; });
        });
  }
}

void backward_image(const Shape& shape, int64_t plane, const Arguments& args) {
  const int64_t pixels = shape.h() * shape.w();
  const double* grad_y = args.grad_output.f64() + plane * pixels;
  double* grad_x = args.grad_inputs[0].f64() + plane * pixels;
  std::fill_n(grad_x, pixels, 0.0);
  for_each_position(
      shape, args.inputs[1].f64() + plane / shape.c() * 6, [&](int64_t o, double, double, double u, double v) {
        for_each_neighbour(shape, v, u,
                           [&](int64_t i, double dv, double du) { grad_x[i] += share(dv) * share(du) * grad_y[o]; });
      });
}

void backward_matrix(const Shape& shape, int64_t n, const Arguments& args) {
  const int64_t pixels = shape.h() * shape.w();
  double* gradient = args.grad_inputs[1].f64() + n * 6;
  std::fill_n(gradient, 6, 0.0);
  for (int64_t plane = n * shape.c(); plane < (n + 1) * shape.c(); ++plane) {
    const double *image = args.inputs[0].f64() + plane * pixels, *grad_y = args.grad_output.f64() + plane * pixels;
    for_each_position(shape, args.inputs[1].f64() + n * 6, [&](int64_t o, double x, double y, double u, double v) {
      double by_u = 0, by_v = 0;
      for_each_neighbour(shape, v, u, [&](int64_t i, double dv, double du) {
        by_u += share(dv) * slope(du) * image[i];
        by_v += slope(dv) * share(du) * image[i];
      });
      const double factors[] = {x, y, 1};
      for (int k = 0; k < 3; ++k) {
        gradient[k] += grad_y[o] * by_u * factors[k];
        gradient[3 + k] += grad_y[o] * by_v * factors[k];
      }
    });
  }
}

void backward_data(const Problem& problem, const Arguments& args) {
  const Shape& shape = problem.output.shape;
  for (int64_t plane = 0; args.grad_inputs[0] && plane < shape.n() * shape.c(); ++plane)
    backward_image(shape, plane, args);
  for (int64_t n = 0; args.grad_inputs[1] && n < shape.n(); ++n) backward_matrix(shape, n, args);
}

const RegisterReference registered("affine", forward, backward_data);

}  // namespace
}  // namespace convlens
