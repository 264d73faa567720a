#pragma once

#include "kernels/base/variant.h"

namespace convlens {

/// Each image shown through an affine map of the plane, by bilinear interpolation, zeros outside: the rotation, scaling
/// and translation of Jaderberg et al., "Spatial Transformer Networks", 2015. Inputs: images N x C x H x W, and for
/// each a matrix ((a, b, c), (d, e, f)), N x 6 x 1 x 1: the output's pixel at (x, y) shows the input at
/// (a x + b y + c, d x + e y + f). Both are counted in pixels from the middle of the image, to the right and down.
struct AffineParams final : Params {
  void describe(ParamVisitor&) override {}
};

/// The map of one image, with pixels counted from the first: output (p, q) shows row v(p, q), column u(p, q). In
/// double, as the distance of a position from its pixel is a small difference.
struct AffineMap {
  template <class T>
  constexpr AffineMap(const T* matrix, int64_t height, int64_t width)
      : a(matrix[0]), b(matrix[1]), c(matrix[2]), d(matrix[3]), e(matrix[4]), f(matrix[5]) {
    const double x = middle(width), y = middle(height);
    c += x - a * x - b * y;
    f += y - d * x - e * y;
  }
  constexpr double u(double p, double q) const { return a * q + b * p + c; }
  constexpr double v(double p, double q) const { return d * q + e * p + f; }
  static constexpr double middle(int64_t size) { return 0.5 * static_cast<double>(size - 1); }

  double a, b, c, d, e, f;
};

/// The two pixels of an axis between which a position lies: `low` and the next; it is `fraction` behind the first. They
/// may lie outside of the image; far outside is as good as just outside.
struct AxisCell {
  constexpr AxisCell(double position, int size) {
    // In this order, so that what is no number counts as outside too.
    position = -2.0 < position ? position : -2.0;
    position = position < size ? position : size;
    low = static_cast<int>(position + 2.0) - 2;
    fraction = static_cast<float>(position - low);
  }
  int low = 0;
  float fraction = 0;
};

}  // namespace convlens
