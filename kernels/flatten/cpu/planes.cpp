// From any layout to NCHW and back, a block of planes at a time: a block's planes are few and small enough to stay in
// the nearest cache while they are read once for each of its channels.

#include <algorithm>

#include "kernels/base/cpu/parallel.h"
#include "kernels/base/registry.h"
#include "kernels/flatten/flatten.h"

namespace convlens {
namespace {

/// Calls body(first element of a channel in the layout, distance of its elements, first element in NCHW) in parallel.
template <class Body>
void for_each_channel(const TensorDesc& image, const Body& body) {
  const BlockedExtents e(image);
  const int64_t channels = image.shape.c(), plane = e.h * e.w;
  parallel_for(
      e.n * channels,
      [&](int64_t i) {
        const int64_t n = i / channels, c = i % channels;
        body((n * e.blocks + c / e.block) * plane * e.block + c % e.block, e.block, i * plane);
      },
      (1 << 13) / plane + 2);
}

void forward(const Problem& problem, const Arguments& args) {
  const int64_t plane = problem.inputs[0].shape.h() * problem.inputs[0].shape.w();
  for_each_channel(problem.inputs[0], [&](int64_t from, int64_t step, int64_t to) {
    const float* x = args.inputs[0].f32() + from;
    for (int64_t i = 0; i < plane; ++i) args.output.f32()[to + i] = x[i * step];
  });
}

// The padding channels, which no channel of y gives a gradient.
void clear_padding(const TensorDesc& image, float* data) {
  const BlockedExtents e(image);
  const int64_t used = image.shape.c() % e.block, plane = e.h * e.w;
  if (used == 0) return;
  for (int64_t n = 0; n < e.n; ++n)
    for (int64_t i = 0; i < plane; ++i)
      std::fill_n(data + (((n + 1) * e.blocks - 1) * plane + i) * e.block + used, e.block - used, 0.0F);
}

void backward_data(const Problem& problem, const Arguments& args) {
  const int64_t plane = problem.inputs[0].shape.h() * problem.inputs[0].shape.w();
  for_each_channel(problem.inputs[0], [&](int64_t to, int64_t step, int64_t from) {
    float* grad_x = args.grad_inputs[0].f32() + to;
    for (int64_t i = 0; i < plane; ++i) grad_x[i * step] = args.grad_output.f32()[from + i];
  });
  clear_padding(problem.inputs[0], args.grad_inputs[0].f32());
}

IoLayout layouts(const Problem& problem) { return {problem.inputs[0].layout, Layout::nchw}; }

std::optional<std::string> refuses(const Problem& problem) {
  if (problem.output.layout == Layout::nchw) return std::nullopt;
  return "gives NCHW";
}

Variant planes(Pass pass, RunFunction run) {
  return {.name = "planes",
          .device = Device::cpu,
          .pass = pass,
          .layouts = layouts,
          .refuses = refuses,
          .prepare = stateless(run)};
}

const RegisterVariant registered_forward("flatten", planes(Pass::forward, forward));
const RegisterVariant registered_backward("flatten", planes(Pass::backward_data, backward_data));

}  // namespace
}  // namespace convlens
