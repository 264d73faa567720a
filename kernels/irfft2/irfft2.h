#pragma once

#include "kernels/base/operator.h"

namespace convlens {

/// NumPy's `norm`: what the sum over frequencies is divided by: H W, sqrt(H W), or 1.
enum class FourierNorm { backward, ortho, forward };

/// An image from the half of its spectrum that determines it: numpy.fft.irfft2. Input: N x 2C x H x (width / 2 + 1),
/// the real parts of the C channels, then their imaginary parts; output: N x C x H x width. Before, each frequency is
/// divided by its size to the power of `decay`. With 1 and norm `ortho` this is the parameterisation of images of Olah,
/// Mordvintsev and Schubert, "Feature Visualization", 2017 (Lucid's fft_image, but for its factor 1 / 4).
struct Irfft2Params final : Params {
  int64_t width = 0;
  FourierNorm norm = FourierNorm::backward;
  double decay = 0;

  void describe(ParamVisitor& v) override;
};

/// What the waves of the spectrum's rows h and columns k are multiplied by in an image of H x W pixels.
class SpectrumWeights {
 public:
  SpectrumWeights(const Irfft2Params& params, int64_t height);

  /// How many frequencies a column stands for: k and -k, if these differ.
  int64_t count(int64_t k) const { return k == 0 || 2 * k == width_ ? 1 : 2; }
  /// The factor of each of them.
  double each(int64_t h, int64_t k) const;
  double operator()(int64_t h, int64_t k) const { return static_cast<double>(count(k)) * each(h, k); }

  double norm() const { return norm_; }    ///< without the decay
  double least() const { return least_; }  ///< frequencies below, in periods a pixel, count as this one

 private:
  int64_t height_, width_;
  double norm_, least_, decay_;
};

}  // namespace convlens
