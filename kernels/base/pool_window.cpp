#include "kernels/base/pool_window.h"

#include <algorithm>

#include "kernels/base/error.h"
#include "kernels/base/params.h"

namespace convlens {

void PoolWindow::describe(ParamVisitor& v) {
  v.field({.name = "kernel_size", .doc = "height and width of the window", .required = true, .min = 1}, kernel);
  v.field({.name = "stride", .doc = "step of the window; 0 is the kernel_size", .min = 0}, stride);
  v.field({.name = "padding", .doc = "elements around the input that belong to no maximum or sum", .min = 0}, padding);
  v.field({.name = "ceil_mode", .doc = "a last window that sticks out of the padded input counts too"}, ceil_mode);
}

WindowAxis PoolWindow::axis(int axis, int64_t input) const {
  Window window{.kernel = kernel, .stride = stride, .padding = padding, .ceil_mode = ceil_mode};
  for (size_t i = 0; i < 2; ++i)
    if (window.stride[i] == 0) window.stride[i] = kernel[i];
  const WindowAxis a = window_axis(window, axis, input);
  if (std::max(a.before, a.after) >= a.kernel)
    throw InputError("a pool's padding must be smaller than its window, found padding " +
                     std::to_string(std::max(a.before, a.after)) + " and a window " + (axis == 0 ? "high " : "wide ") +
                     std::to_string(a.kernel));
  return a;
}

Region PoolWindow::input_region(const Shape& input, const Region& output) const {
  return {window_inputs(axis(0, input.h()), output.y), window_inputs(axis(1, input.w()), output.x)};
}

IndexRange covered_inputs(const WindowAxis& a, int64_t output) {
  const int64_t first = output * a.stride - a.before;
  return {std::max<int64_t>(first, 0), std::min(first + a.kernel, a.input)};
}

IndexRange whole_windows(const WindowAxis& a) {
  const int64_t begin = std::min((a.before + a.stride - 1) / a.stride, a.output), last = a.input + a.before - a.kernel;
  return {begin, std::clamp(last < 0 ? 0 : last / a.stride + 1, begin, a.output)};
}

IndexRange covering_outputs(const WindowAxis& a, int64_t input) {
  // The window of output o holds i when o s <= i + before < o s + k.
  const int64_t position = input + a.before;
  const int64_t begin = position < a.kernel ? 0 : (position - a.kernel) / a.stride + 1;
  return {std::min(begin, a.output), std::min(position / a.stride + 1, a.output)};
}

}  // namespace convlens
