// The divisor is a product of one count an axis, so that the mean over a window is a mean of rows, then of columns.

#include <vector>

#include "kernels/avg_pool2d/avg_pool2d.h"
#include "kernels/base/cpu/separable.h"
#include "kernels/base/registry.h"

namespace convlens {
namespace {

AxisMap means(const WindowAxis& axis, bool count_padding) {
  AxisMap map(axis.input);
  for (int64_t o = 0; o < axis.output; ++o) {
    const IndexRange inside = covered_inputs(axis, o);
    const double share = 1.0 / static_cast<double>(avg_pool2d_count(axis, o, count_padding));
    map.add(inside.begin, std::vector<double>(static_cast<size_t>(inside.size()), share));
  }
  return map;
}

Variant separable(Pass pass) {
  return {.name = "separable", .device = Device::cpu, .pass = pass, .prepare = [=](const Problem& problem) {
            const AvgPool2dSizes s(problem);
            return separable_kernel(problem, pass, means(s.y, s.count_padding), means(s.x, s.count_padding));
          }};
}

const RegisterVariant forward("avg_pool2d", separable(Pass::forward));
const RegisterVariant backward_data("avg_pool2d", separable(Pass::backward_data));

}  // namespace
}  // namespace convlens
