// With z[h,k] = a + ib the spectrum, m[h,k] its weights (README.md) and t = 2 pi (h p / H + k q / W):
//   y[p,q] = sum over h and k = 0..W/2 of m Re(z e^(it)) = sum of m (a cos t - b sin t)
//   dL/da[h,k] = m sum over p, q of dL/dy cos t,   dL/db[h,k] = -m sum over p, q of dL/dy sin t
// so that dL/da + i dL/db = m sum of dL/dy e^(-it). First along one axis, then along the other, as e^(it) is a product.

#include <complex>
#include <numbers>
#include <vector>

#include "kernels/base/registry.h"
#include "kernels/irfft2/irfft2.h"

namespace convlens {
namespace {

using Complex = std::complex<double>;

// e^(2 pi i product / size)
Complex wave(int64_t product, int64_t size) {
  return std::polar(1.0, 2 * std::numbers::pi * static_cast<double>(product % size) / static_cast<double>(size));
}

struct Sizes {
  explicit Sizes(const Problem& problem)
      : images(problem.output.shape.n()),
        channels(problem.output.shape.c()),
        height(problem.output.shape.h()),
        width(problem.output.shape.w()),
        columns(problem.inputs[0].shape.w()) {}
  int64_t real(int64_t n, int64_t c) const { return (n * 2 * channels + c) * height * columns; }
  int64_t imaginary(int64_t n, int64_t c) const { return real(n, channels + c); }
  int64_t image(int64_t n, int64_t c) const { return (n * channels + c) * height * width; }

  int64_t images, channels, height, width, columns;
};

void transform(const Sizes& s, const SpectrumWeights& weights, const double* real, const double* imaginary, double* y) {
  std::vector<Complex> rows(static_cast<size_t>(s.height * s.columns));
  for (int64_t p = 0; p < s.height; ++p)
    for (int64_t k = 0; k < s.columns; ++k)
      for (int64_t h = 0; h < s.height; ++h) {
        const int64_t i = h * s.columns + k;
        rows[p * s.columns + k] += weights(h, k) * Complex(real[i], imaginary[i]) * wave(h * p, s.height);
      }
  for (int64_t p = 0; p < s.height; ++p)
    for (int64_t q = 0; q < s.width; ++q) {
      double sum = 0;
      for (int64_t k = 0; k < s.columns; ++k) sum += (rows[p * s.columns + k] * wave(k * q, s.width)).real();
      y[p * s.width + q] = sum;
    }
}

void transform_back(const Sizes& s, const SpectrumWeights& weights, const double* grad_y, double* real,
                    double* imaginary) {
  std::vector<Complex> rows(static_cast<size_t>(s.height * s.columns));
  for (int64_t p = 0; p < s.height; ++p)
    for (int64_t k = 0; k < s.columns; ++k)
      for (int64_t q = 0; q < s.width; ++q)
        rows[p * s.columns + k] += grad_y[p * s.width + q] * std::conj(wave(k * q, s.width));
  for (int64_t h = 0; h < s.height; ++h)
    for (int64_t k = 0; k < s.columns; ++k) {
      Complex sum = 0;
      for (int64_t p = 0; p < s.height; ++p) sum += rows[p * s.columns + k] * std::conj(wave(h * p, s.height));
      real[h * s.columns + k] = weights(h, k) * sum.real();
      imaginary[h * s.columns + k] = weights(h, k) * sum.imag();
    }
}

void forward(const Problem& problem, const Arguments& args) {
  const Sizes s(problem);
  const SpectrumWeights weights(problem.params_as<Irfft2Params>(), s.height);
  const double* z = args.inputs[0].f64();
  for (int64_t n = 0; n < s.images; ++n)
    for (int64_t c = 0; c < s.channels; ++c)
      transform(s, weights, z + s.real(n, c), z + s.imaginary(n, c), args.output.f64() + s.image(n, c));
}

void backward_data(const Problem& problem, const Arguments& args) {
  const Sizes s(problem);
  const SpectrumWeights weights(problem.params_as<Irfft2Params>(), s.height);
  double* grad_z = args.grad_inputs[0].f64();
  for (int64_t n = 0; n < s.images; ++n)
    for (int64_t c = 0; c < s.channels; ++c)
      transform_back(s, weights, args.grad_output.f64() + s.image(n, c), grad_z + s.real(n, c),
                     grad_z + s.imaginary(n, c));
}

const RegisterReference registered("irfft2", forward, backward_data);

}  // namespace
}  // namespace convlens
