#include "kernels/gaussian_blur/gaussian_blur.h"

#include <algorithm>
#include <cmath>

#include "kernels/base/error.h"
#include "kernels/base/params.h"
#include "kernels/base/registry.h"

namespace convlens {

void GaussianBlurParams::describe(ParamVisitor& v) {
  v.field({.name = "sigma", .doc = "standard deviation in pixels; weights end 4 of them away", .min = 0, .max = 1000},
          sigma);
  v.choice({.name = "border", .doc = "what lies outside: the image reflected in its edge elements, or zeros"}, border,
           {{"reflect", BlurBorder::reflect}, {"zero", BlurBorder::zero}});
}

std::vector<double> gaussian_weights(double sigma) {
  std::vector<double> weights{1};
  double sum = 1;
  const auto radius = static_cast<int64_t>(4 * sigma + 0.5);
  for (int64_t k = 1; k <= radius; ++k) {
    weights.push_back(std::exp(-static_cast<double>(k * k) / (2 * sigma * sigma)));
    sum += 2 * weights.back();
  }
  for (double& weight : weights) weight /= sum;
  return weights;
}

double blur_share(const std::vector<double>& weights, BlurBorder border, int64_t size, int64_t o, int64_t i) {
  const auto at = [&](int64_t distance) {
    return distance < static_cast<int64_t>(weights.size()) ? weights[static_cast<size_t>(distance)] : 0.0;
  };
  const double direct = at(std::abs(o - i));
  if (border == BlurBorder::zero) return direct;
  return direct + (i > 0 ? at(o + i) : 0.0) + (i < size - 1 ? at(2 * (size - 1) - o - i) : 0.0);
}

namespace {

class GaussianBlur final : public Operator {
 public:
  GaussianBlur() : Operator("gaussian_blur", "each channel convolved with a Gaussian") {}

  std::shared_ptr<Params> new_params() const override { return std::make_shared<GaussianBlurParams>(); }
  Shape infer(const Params& params, std::span<const Shape> inputs) const override {
    const auto& p = static_cast<const GaussianBlurParams&>(params);
    const int64_t radius = static_cast<int64_t>(gaussian_weights(p.sigma).size()) - 1;
    if (p.border == BlurBorder::reflect && radius >= std::min(inputs[0].h(), inputs[0].w()))
      throw InputError("a blur of radius " + std::to_string(radius) + " (4 sigma) with a reflected border needs a " +
                       "larger image than " + inputs[0].to_string());
    return inputs[0];
  }
  // What the border reflects lies no farther inside than the radius from an edge, and so within the radius of `output`.
  Region input_region(const Params& params, std::span<const Shape> inputs, size_t,
                      const Region& output) const override {
    const int64_t radius =
        static_cast<int64_t>(gaussian_weights(static_cast<const GaussianBlurParams&>(params).sigma).size()) - 1;
    const Region around{{output.y.begin - radius, output.y.end + radius},
                        {output.x.begin - radius, output.x.end + radius}};
    return intersection(around, whole_map(inputs[0]));
  }
  double flops(const Problem& problem) const override {
    const auto taps = 2 * gaussian_weights(problem.params_as<GaussianBlurParams>().sigma).size() - 1;
    return 4.0 * static_cast<double>(problem.output.shape.elements()) * static_cast<double>(taps);
  }
};

const RegisterOperator registered(std::make_unique<GaussianBlur>());

}  // namespace
}  // namespace convlens
