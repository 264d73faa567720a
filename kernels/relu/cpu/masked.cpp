// One pass over memory, sixteen elements a step: a comparison gives sixteen mask bits at once, which are all that the
// backward pass needs of the input (1/32 of its bytes). Any layout, as the order of elements does not matter.

#include <algorithm>
#include <cstring>
#include <limits>

#include "kernels/base/cpu/parallel.h"
#include "kernels/base/registry.h"
#include "kernels/relu/relu.h"

namespace convlens {
namespace {

constexpr int64_t lanes = 16;
constexpr int64_t run = 1 << 13;  // elements a thread takes at once; a multiple of `lanes`

struct Limits {
  explicit Limits(const ReluParams& p)
      : slope(static_cast<float>(p.negative_slope)),
        max(p.max_value ? static_cast<float>(*p.max_value) : std::numeric_limits<float>::infinity()) {}
  float slope, max;
};

uint16_t mask_of(const float* x, float max, int64_t count) {
  uint32_t bits = 0;
  for (int64_t i = 0; i < count; ++i) bits |= static_cast<uint32_t>(x[i] > 0 && x[i] < max) << i;
  return static_cast<uint16_t>(bits);
}

void save_mask(const float* x, float max, std::byte* mask, int64_t count) {
  for (int64_t i = 0; i < count; i += lanes) {
    const int64_t n = std::min(lanes, count - i);
    const uint16_t bits = n == lanes ? mask_of(x + i, max, lanes) : mask_of(x + i, max, n);
    std::memcpy(mask + i / 8, &bits, static_cast<size_t>((n + 7) / 8));
  }
}

void activate(const float* x, float* y, Limits limits, int64_t count) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) y[i] = std::min(x[i] > 0 ? x[i] : limits.slope * x[i], limits.max);
}

void forward(const Problem& problem, const Arguments& args) {
  const Limits limits(problem.params_as<ReluParams>());
  const float* x = args.inputs[0].f32();
  float* y = args.output.f32();
  const int64_t total = problem.output.elements();
  parallel_for((total + run - 1) / run, [&](int64_t i) {
    const int64_t start = i * run, count = std::min(run, total - start);
    if (args.saved) save_mask(x + start, limits.max, args.saved + start / 8, count);
    if (!problem.input_is_activated || x != y) activate(x + start, y + start, limits, count);
  });
}

template <BackwardMode mode>
void backward_run(const float* grad_y, const std::byte* mask, float off_slope, float* grad_x, int64_t count) {
  for (int64_t i = 0; i < count; i += lanes) {
    const int64_t n = std::min(lanes, count - i);
    uint16_t bits = 0;
    std::memcpy(&bits, mask + i / 8, static_cast<size_t>((n + 7) / 8));
    const uint32_t on = bits;
#pragma omp simd
    for (int64_t j = 0; j < n; ++j) {
      const float slope = mode == BackwardMode::deconvnet || (on >> j & 1u) ? 1.0F : off_slope;
      const float gradient = grad_y[i + j];
      grad_x[i + j] = slope * (mode == BackwardMode::standard ? gradient : std::max(gradient, 0.0F));
    }
  }
}

void backward_data(const Problem& problem, const Arguments& args) {
  const Limits limits(problem.params_as<ReluParams>());
  const int64_t total = problem.output.elements();
  const auto kernel = args.mode == BackwardMode::standard ? backward_run<BackwardMode::standard>
                      : args.mode == BackwardMode::guided ? backward_run<BackwardMode::guided>
                                                          : backward_run<BackwardMode::deconvnet>;
  parallel_for((total + run - 1) / run, [&](int64_t i) {
    const int64_t start = i * run;
    kernel(args.grad_output.f32() + start, args.saved + start / 8, limits.slope, args.grad_inputs[0].f32() + start,
           std::min(run, total - start));
  });
}

const RegisterVariant registered_forward(
    "relu", {.name = "masked", .device = Device::cpu, .pass = Pass::forward, .prepare = stateless(forward)});
const RegisterVariant registered_backward(
    "relu", {.name = "masked", .device = Device::cpu, .pass = Pass::backward_data, .prepare = stateless(backward_data)});

}  // namespace
}  // namespace convlens
