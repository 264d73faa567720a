#include "kernels/irfft2/irfft2.h"

#include <algorithm>
#include <cmath>

#include "kernels/base/error.h"
#include "kernels/base/params.h"
#include "kernels/base/registry.h"

namespace convlens {

void Irfft2Params::describe(ParamVisitor& v) {
  v.field({.name = "width", .doc = "of the image; the spectrum has width / 2 + 1 columns", .required = true, .min = 1},
          width);
  v.choice({.name = "norm", .doc = "what the sum over frequencies is divided by: H W, its root, or 1"}, norm,
           {{"backward", FourierNorm::backward}, {"ortho", FourierNorm::ortho}, {"forward", FourierNorm::forward}});
  v.field({.name = "decay", .doc = "each frequency is first divided by its size to this power", .min = 0, .max = 10},
          decay);
}

namespace {

double factor_of(FourierNorm norm, double pixels) {
  switch (norm) {
    case FourierNorm::backward: return 1 / pixels;
    case FourierNorm::ortho: return 1 / std::sqrt(pixels);
    case FourierNorm::forward: return 1;
  }
  throw InternalError("no such norm");
}

}  // namespace

SpectrumWeights::SpectrumWeights(const Irfft2Params& params, int64_t height)
    : height_(height),
      width_(params.width),
      norm_(factor_of(params.norm, static_cast<double>(height) * static_cast<double>(params.width))),
      least_(1 / static_cast<double>(std::max(height, params.width))),
      decay_(params.decay) {}

double SpectrumWeights::each(int64_t h, int64_t k) const {
  const double down = static_cast<double>(std::min(h, height_ - h)) / static_cast<double>(height_);
  const double right = static_cast<double>(k) / static_cast<double>(width_);
  return norm_ / std::pow(std::max(std::hypot(down, right), least_), decay_);
}

namespace {

class Irfft2 final : public Operator {
 public:
  Irfft2() : Operator("irfft2", "image from half of its spectrum: the inverse of a real Fourier transform") {}

  std::shared_ptr<Params> new_params() const override { return std::make_shared<Irfft2Params>(); }
  Shape infer(const Params& params, std::span<const Shape> inputs) const override {
    const int64_t width = static_cast<const Irfft2Params&>(params).width, columns = width / 2 + 1;
    const Shape& x = inputs[0];
    if (x.c() % 2 != 0)
      throw InputError("a spectrum has as many channels of imaginary parts as of real ones, found " +
                       std::to_string(x.c()) + " channels in all");
    if (x.w() != columns)
      throw InputError("the spectrum of an image " + std::to_string(width) + " wide has " + std::to_string(columns) +
                       " columns, found " + std::to_string(x.w()));
    return {x.n(), x.c() / 2, x.h(), width};
  }
  // The usual count for a fast transform of real numbers, whatever the algorithm.
  double flops(const Problem& problem) const override {
    const auto pixels = static_cast<double>(problem.output.shape.h() * problem.output.shape.w());
    return 2.5 * static_cast<double>(problem.output.shape.elements()) * std::log2(pixels);
  }
};

const RegisterOperator registered(std::make_unique<Irfft2>());

}  // namespace
}  // namespace convlens
