// One pass over memory, sixteen elements a step: a comparison gives sixteen mask bits at once, which are all that the
// backward pass needs of the input (1/32 of its bytes). Any layout, as the order of elements does not matter.

#include <algorithm>
#include <cstring>
#include <limits>

#include "kernels/base/cpu/lanes.h"
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

// Bits of the elements on the slope 1.
uint16_t mask_of(const float* x, float max, int64_t count) {
  uint32_t bits = 0;
  for (int64_t i = 0; i < count; ++i) bits |= static_cast<uint32_t>(x[i] > 0 && x[i] < max) << i;
  return static_cast<uint16_t>(bits);
}

template <BackwardMode mode>
void backward_some(const float* grad_y, uint16_t on, float off_slope, float* grad_x, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const float slope = mode == BackwardMode::deconvnet || (on >> i & 1) ? 1.0F : off_slope;
    grad_x[i] = slope * (mode == BackwardMode::standard ? grad_y[i] : std::max(grad_y[i], 0.0F));
  }
}

// The same for sixteen elements: with AVX-512 a mask is what a comparison gives and what a move takes.
#if defined(__AVX512F__)
uint16_t mask_of_lanes(const float* x, float max) {
  const __m512 v = _mm512_loadu_ps(x);
  const __mmask16 positive = _mm512_cmp_ps_mask(v, _mm512_setzero_ps(), _CMP_GT_OQ);
  return _mm512_mask_cmp_ps_mask(positive, v, _mm512_set1_ps(max), _CMP_LT_OQ);
}

template <BackwardMode mode>
void backward_lanes(const float* grad_y, uint16_t on, float off_slope, float* grad_x) {
  __m512 g = _mm512_loadu_ps(grad_y);
  if (mode != BackwardMode::standard)  // "not <= 0", so that NaN is not lost
    g = _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(g, _mm512_setzero_ps(), _CMP_NLE_UQ), g);
  if (mode != BackwardMode::deconvnet) g = _mm512_mask_mov_ps(_mm512_mul_ps(g, _mm512_set1_ps(off_slope)), on, g);
  _mm512_storeu_ps(grad_x, g);
}
#else
uint16_t mask_of_lanes(const float* x, float max) {
  const auto bits = [&](const FloatLanes<8>& v) { return mask_bits((v > 0.0F) & (v < max)); };
  return static_cast<uint16_t>(bits(load_lanes<FloatLanes<8> >(x)) | bits(load_lanes<FloatLanes<8> >(x + 8)) << 8);
}

template <BackwardMode mode>
void backward_lanes(const float* grad_y, uint16_t on, float off_slope, float* grad_x) {
  constexpr IntLanes<8> bit{1, 2, 4, 8, 16, 32, 64, 128};
  for (int half = 0; half < 2; ++half) {
    auto g = load_lanes<FloatLanes<8> >(grad_y + half * 8);
    if (mode != BackwardMode::standard) g = g <= 0.0F ? FloatLanes<8>{} : g;
    if (mode != BackwardMode::deconvnet) g = (bit & (on >> half * 8)) != 0 ? g : off_slope * g;
    store_lanes(grad_x + half * 8, g);
  }
}
#endif

void save_mask(const float* x, float max, std::byte* mask, int64_t count) {
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const uint16_t bits = mask_of_lanes(x + i, max);
    std::memcpy(mask + i / 8, &bits, sizeof bits);
  }
  const uint16_t bits = mask_of(x + i, max, count - i);
  std::memcpy(mask + i / 8, &bits, static_cast<size_t>((count - i + 7) / 8));
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
  int64_t i = 0;
  uint16_t on = 0;
  for (; i + lanes <= count; i += lanes) {
    std::memcpy(&on, mask + i / 8, sizeof on);
    backward_lanes<mode>(grad_y + i, on, off_slope, grad_x + i);
  }
  std::memcpy(&on, mask + i / 8, static_cast<size_t>((count - i + 7) / 8));
  backward_some<mode>(grad_y + i, on, off_slope, grad_x + i, count - i);
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
const RegisterVariant registered_backward("relu", {.name = "masked",
                                                   .device = Device::cpu,
                                                   .pass = Pass::backward_data,
                                                   .prepare = stateless(backward_data)});

}  // namespace
}  // namespace convlens
