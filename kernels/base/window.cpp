#include "kernels/base/window.h"

#include <algorithm>

#include "kernels/base/error.h"

namespace convlens {
namespace {

int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }
int64_t ceil_div(int64_t a, int64_t b) { return floor_div(a + b - 1, b); }

void pad_same(WindowAxis& axis) {
  axis.output = ceil_div(axis.input, axis.stride);
  const int64_t extent = axis.dilation * (axis.kernel - 1) + 1;
  const int64_t total = std::max<int64_t>((axis.output - 1) * axis.stride + extent - axis.input, 0);
  axis.before = total / 2;
  axis.after = total - axis.before;
}

}  // namespace

WindowAxis window_axis(const Window& window, int axis, int64_t input) {
  const size_t i = static_cast<size_t>(axis);
  WindowAxis a{input, 0, window.kernel[i], window.stride[i], window.dilation[i], 0, 0};
  if (window.padding.same) {
    pad_same(a);
    return a;
  }
  a.before = axis == 0 ? window.padding.top : window.padding.left;
  a.after = axis == 0 ? window.padding.bottom : window.padding.right;
  const int64_t span = input + a.before + a.after - a.dilation * (a.kernel - 1) - 1;
  a.output = (window.ceil_mode ? ceil_div(span, a.stride) : floor_div(span, a.stride)) + 1;
  if (a.output < 1)
    throw InputError(std::string("a window ") + (axis == 0 ? "high " : "wide ") +
                     std::to_string(a.dilation * (a.kernel - 1) + 1) + " does not fit into an input of " +
                     std::to_string(input) + " padded to " + std::to_string(input + a.before + a.after));
  if (window.ceil_mode && (a.output - 1) * a.stride >= input + a.before) --a.output;
  return a;
}

IndexRange window_inputs(const WindowAxis& a, const IndexRange& outputs) {
  return {outputs.begin * a.stride - a.before,
          (outputs.end - 1) * a.stride - a.before + a.dilation * (a.kernel - 1) + 1};
}

}  // namespace convlens
