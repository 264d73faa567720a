// One pass over memory. A warp takes 128 elements that lie side by side, four words of 32: each of its four loads is
// one request of four full sectors, and all are under way at once. A vote of the warp is a word of the mask, which is
// all that the backward pass needs of the input: 1/32 of its bytes. Bytes moved: 8 an element forward, 8 1/8 backward,
// the fewest there can be. The backward pass of the three modes is one kernel with the mode as a constant of its
// compilation.

#include "kernels/base/registry.h"
#include "kernels/relu/relu.h"
#include "kernels/simt/simt.h"

namespace convlens {
namespace {

constexpr int threads = 256, words = 4;              // of a block; of 32 elements, of a warp
constexpr int64_t block_elements = threads * words;  // that a block takes

struct Limits {
  float slope, max;
};

Limits limits_of(const Problem& problem) {
  const auto& p = problem.params_as<ReluParams>();
  return {static_cast<float>(p.negative_slope),
          p.max_value ? static_cast<float>(*p.max_value) : std::numeric_limits<float>::infinity()};
}

// Of this thread's element in the warp's first word.
__device__ int64_t first_element() {
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  return blockIdx.x * block_elements + warp * 32 * words + lane;
}

// `mask` is null if no backward pass follows.
__global__ void __launch_bounds__(threads) forward(const float* __restrict__ x, float* __restrict__ y,
                                                   unsigned char* __restrict__ mask, Limits limits, int64_t count) {
  float value[words];
  const int64_t first = first_element();
#pragma unroll
  for (int k = 0; k < words; ++k) value[k] = first + 32 * k < count ? x[first + 32 * k] : 0.0F;
#pragma unroll
  for (int k = 0; k < words; ++k) {
    const int64_t i = first + 32 * k;
    const float v = value[k];
    const unsigned on = __ballot_sync(0xffffffffU, v > 0 && v < limits.max);
    if (i >= count) continue;
    y[i] = v > limits.max ? limits.max : v > 0 ? v : limits.slope * v;
    if (mask && i % 8 == 0) mask[i / 8] = static_cast<unsigned char>(on >> (i % 32));
  }
}

template <BackwardMode mode>
__global__ void __launch_bounds__(threads)
    backward(const float* __restrict__ grad_y, const unsigned char* __restrict__ mask, float* __restrict__ grad_x,
             float off_slope, int64_t count) {
  float gradient[words];
  const int64_t first = first_element();
#pragma unroll
  for (int k = 0; k < words; ++k) gradient[k] = first + 32 * k < count ? grad_y[first + 32 * k] : 0.0F;
#pragma unroll
  for (int k = 0; k < words; ++k) {
    const int64_t i = first + 32 * k;
    if (i >= count) continue;
    float g = gradient[k];
    if (mode != BackwardMode::standard) g = g <= 0 ? 0.0F : g;  // NaN stays
    const bool on = mode == BackwardMode::deconvnet || (mask[i / 8] >> (i % 8) & 1);
    grad_x[i] = on ? g : off_slope * g;
  }
}

simt::LaunchShape shape_for(int64_t count) {
  return {.grid = dim3(static_cast<unsigned>((count + block_elements - 1) / block_elements)), .block = dim3(threads)};
}

void run_forward(const Problem& problem, const Arguments& args) {
  const int64_t count = problem.output.elements();
  simt::launch(shape_for(count), forward, args.inputs[0].f32(), args.output.f32(),
               reinterpret_cast<unsigned char*>(args.saved), limits_of(problem), count);
}

template <BackwardMode mode>
void run_backward_as(const Problem& problem, const Arguments& args) {
  const int64_t count = problem.output.elements();
  simt::launch(shape_for(count), backward<mode>, args.grad_output.f32(),
               reinterpret_cast<const unsigned char*>(args.saved), args.grad_inputs[0].f32(), limits_of(problem).slope,
               count);
}

void run_backward(const Problem& problem, const Arguments& args) {
  switch (args.mode) {
    case BackwardMode::standard: return run_backward_as<BackwardMode::standard>(problem, args);
    case BackwardMode::guided: return run_backward_as<BackwardMode::guided>(problem, args);
    case BackwardMode::deconvnet: return run_backward_as<BackwardMode::deconvnet>(problem, args);
  }
}

const RegisterVariant registered_forward(
    "relu", {.name = "masked", .device = simt::device, .pass = Pass::forward, .prepare = stateless(run_forward)});
const RegisterVariant registered_backward("relu", {.name = "masked",
                                                   .device = simt::device,
                                                   .pass = Pass::backward_data,
                                                   .prepare = stateless(run_backward)});

}  // namespace
}  // namespace convlens
