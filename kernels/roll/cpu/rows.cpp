// In every layout a row of pixels is one run of memory: a rolled row is two pieces of its source, copied.

#include <algorithm>
#include <cstring>

#include "kernels/base/cpu/parallel.h"
#include "kernels/base/registry.h"
#include "kernels/roll/roll.h"

namespace convlens {
namespace {

// to[i] = from[source of i], by `sign` times the offsets.
void roll(const TensorDesc& desc, const float* from, const TensorView& offsets, double sign, float* to) {
  const BlockedExtents e(desc);
  const int64_t row = e.w * e.block;
  const auto copy = [](float* target, const float* source, int64_t count) {
    std::memcpy(target, source, static_cast<size_t>(count) * sizeof(float));
  };
  parallel_for(e.n * e.blocks * e.h, [&](int64_t i) {
    const int64_t n = i / e.h / e.blocks, plane = i / e.h;
    const auto offset = [&](int64_t axis) { return sign * offsets.f32()[offsets.desc.offset(n, axis, 0, 0)]; };
    const float* source = from + (plane * e.h + roll_source(e.h, offset(0), i % e.h)) * row;
    const int64_t first = roll_source(e.w, offset(1), 0) * e.block;  // of the source, shown at the row's beginning
    copy(to + i * row, source + first, row - first);
    copy(to + i * row + row - first, source, first);
  });
}

void forward(const Problem& problem, const Arguments& args) {
  roll(problem.output, args.inputs[0].f32(), args.inputs[1], 1, args.output.f32());
}

void backward_data(const Problem& problem, const Arguments& args) {
  if (args.grad_inputs[0]) roll(problem.output, args.grad_output.f32(), args.inputs[1], -1, args.grad_inputs[0].f32());
  if (args.grad_inputs[1]) std::fill_n(args.grad_inputs[1].f32(), problem.inputs[1].elements(), 0.0F);
}

const RegisterVariant registered_forward(
    "roll", {.name = "rows", .device = Device::cpu, .pass = Pass::forward, .prepare = stateless(forward)});
const RegisterVariant registered_backward(
    "roll", {.name = "rows", .device = Device::cpu, .pass = Pass::backward_data, .prepare = stateless(backward_data)});

}  // namespace
}  // namespace convlens
