// Interpolation in two dimensions is one along the columns, then one along the rows.

#include <array>

#include "kernels/base/cpu/separable.h"
#include "kernels/base/registry.h"
#include "kernels/upsample/upsample.h"

namespace convlens {
namespace {

AxisMap interpolation(const UpsampleParams& params, int64_t inputs, int64_t scale) {
  AxisMap map(inputs);
  for (int64_t o = 0; o < inputs * scale; ++o) {
    const Interpolation at = upsample_at(params, inputs, scale, o);
    const bool single = at.high == at.low || at.weight == 0;
    const std::array<double, 2> weights{single ? 1 : 1 - at.weight, at.weight};
    map.add(at.low, {weights.data(), single ? 1U : 2U});
  }
  return map;
}

Variant separable(Pass pass) {
  return {.name = "separable", .device = Device::cpu, .pass = pass, .prepare = [=](const Problem& problem) {
            const auto& params = problem.params_as<UpsampleParams>();
            const Shape& x = problem.inputs[0].shape;
            return separable_kernel(problem, pass, interpolation(params, x.h(), params.scale[0]),
                                    interpolation(params, x.w(), params.scale[1]));
          }};
}

const RegisterVariant forward("upsample", separable(Pass::forward));
const RegisterVariant backward_data("upsample", separable(Pass::backward_data));

}  // namespace
}  // namespace convlens
