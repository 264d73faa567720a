// A window's mean is the mean of its rows, then of its columns.

#include <vector>

#include "kernels/adaptive_avg_pool2d/adaptive_avg_pool2d.h"
#include "kernels/base/cpu/separable.h"
#include "kernels/base/registry.h"

namespace convlens {
namespace {

AxisMap means(int64_t inputs, int64_t outputs) {
  AxisMap map(inputs);
  for (int64_t o = 0; o < outputs; ++o) {
    const IndexRange window = adaptive_window(inputs, outputs, o);
    map.add(window.begin,
            std::vector<double>(static_cast<size_t>(window.size()), 1.0 / static_cast<double>(window.size())));
  }
  return map;
}

Variant separable(Pass pass) {
  return {.name = "separable", .device = Device::cpu, .pass = pass, .prepare = [=](const Problem& problem) {
            const Shape &x = problem.inputs[0].shape, &y = problem.output.shape;
            return separable_kernel(problem, pass, means(x.h(), y.h()), means(x.w(), y.w()));
          }};
}

const RegisterVariant forward("adaptive_avg_pool2d", separable(Pass::forward));
const RegisterVariant backward_data("adaptive_avg_pool2d", separable(Pass::backward_data));

}  // namespace
}  // namespace convlens
