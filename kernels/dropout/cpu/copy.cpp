// A copy, or nothing when the output lies in the input's place.

#include <algorithm>
#include <cstring>

#include "kernels/base/cpu/parallel.h"
#include "kernels/base/registry.h"
#include "kernels/dropout/dropout.h"

namespace convlens {
namespace {

constexpr int64_t run = 1 << 14;

void forward(const Problem& problem, const Arguments& args) {
  const float* x = args.inputs[0].f32();
  float* y = args.output.f32();
  if (x == y) return;
  const int64_t total = problem.output.elements();
  parallel_for((total + run - 1) / run, [&](int64_t i) {
    const int64_t start = i * run;
    std::memcpy(y + start, x + start, static_cast<size_t>(std::min(run, total - start)) * sizeof(float));
  });
}

const RegisterVariant registered(
    "dropout", {.name = "copy", .device = Device::cpu, .pass = Pass::forward, .prepare = stateless(forward)});

}  // namespace
}  // namespace convlens
