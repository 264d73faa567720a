// A blur in two dimensions is one along the columns, then one along the rows.

#include "kernels/base/cpu/separable.h"

#include <algorithm>

#include "kernels/base/registry.h"
#include "kernels/gaussian_blur/gaussian_blur.h"

namespace convlens {
namespace {

AxisMap blur(const GaussianBlurParams& params, int64_t size) {
  const std::vector<double> weights = gaussian_weights(params.sigma);
  const int64_t radius = static_cast<int64_t>(weights.size()) - 1;
  AxisMap map(size);
  for (int64_t o = 0; o < size; ++o) {
    const int64_t begin = std::max<int64_t>(o - radius, 0), end = std::min(o + radius + 1, size);
    std::vector<double> shares;
    for (int64_t i = begin; i < end; ++i) shares.push_back(blur_share(weights, params.border, size, o, i));
    map.add(begin, shares);
  }
  return map;
}

Variant separable(Pass pass) {
  return {.name = "separable", .device = Device::cpu, .pass = pass, .prepare = [=](const Problem& problem) {
            const auto& params = problem.params_as<GaussianBlurParams>();
            const Shape& x = problem.inputs[0].shape;
            return separable_kernel(problem, pass, blur(params, x.h()), blur(params, x.w()));
          }};
}

const RegisterVariant forward("gaussian_blur", separable(Pass::forward));
const RegisterVariant backward_data("gaussian_blur", separable(Pass::backward_data));

}  // namespace
}  // namespace convlens
