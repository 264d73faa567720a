// A step that is not normalised is one pass over memory: 12 bytes an element. Else a pass before it adds up what the
// step is divided by: each block a stretch of one image, a second launch the blocks' sums, always in the same order.
// The step's factor stays on the device.
//
// The variance is that of d - d[0], which is the same and loses no digits where all d are far from zero.

#include "kernels/base/cuda/block_sum.h"
#include "kernels/base/cuda/clip.h"
#include "kernels/base/cuda/image_sums.h"
#include "kernels/gradient_ascent/gradient_ascent.h"

namespace convlens {
namespace {

constexpr int warps = element_threads / 32;

// Of an image: |d|, or d - d[0], and its square.
struct Sums {
  float first, second;
};

struct Direction {
  const float *x, *gradient;
  float weight_decay;
  __device__ float operator()(int64_t i) const { return gradient[i] - weight_decay * x[i]; }
};

__global__ void __launch_bounds__(element_threads)
    add_up(Direction d, StepNormalisation normalisation, int64_t elements, Sums* __restrict__ parts) {
  const int64_t image = blockIdx.y * elements, begin = blockIdx.x * ImageStretch::elements + threadIdx.x;
  const bool centered = normalisation == StepNormalisation::std;
  const float center = centered ? d(image) : 0.0F;
  Sums sums = {};
  for (int k = 0; k < ImageStretch::per_thread; ++k) {
    const int64_t i = begin + k * element_threads;
    if (i >= elements) continue;
    const float value = centered ? d(image + i) - center : fabsf(d(image + i));
    sums.first += value;
    sums.second += value * value;
  }
  sums = {block_sum<warps>(sums.first), block_sum<warps>(sums.second)};
  if (threadIdx.x == 0) parts[int64_t{blockIdx.y} * gridDim.x + blockIdx.x] = sums;
}

// A block an image: its step's factor, lr / s.
__global__ void __launch_bounds__(element_threads)
    factors_of(const Sums* __restrict__ parts, StepNormalisation normalisation, int64_t count, float elements, float lr,
               float* __restrict__ factors) {
  Sums sums = {};
  for (int64_t i = threadIdx.x; i < count; i += element_threads) {
    sums.first += parts[blockIdx.x * count + i].first;
    sums.second += parts[blockIdx.x * count + i].second;
  }
  sums = {block_sum<warps>(sums.first), block_sum<warps>(sums.second)};
  if (threadIdx.x > 0) return;
  const float mean = sums.first / elements, variance = sums.second / elements - mean * mean;
  const float deviation = variance < 0.0F ? 0.0F : sqrtf(variance);
  const float size = normalisation == StepNormalisation::std  ? deviation
                     : normalisation == StepNormalisation::l2 ? sqrtf(sums.second)
                                                              : mean;
  factors[blockIdx.x] = size == 0.0F ? 0.0F : lr / size;
}

// `factors` is null where all images have the factor lr.
__global__ void __launch_bounds__(element_threads) step(Direction d, float* x, const float* __restrict__ factors,
                                                        float lr, Clip clip, int64_t elements, int64_t count) {
  const int64_t i = element_index();
  if (i >= count) return;
  const float factor = factors ? factors[i / elements] : lr;
  x[i] = clip(x[i] + factor * d(i));
}

size_t parts_bytes(const UpdateProblem& problem) {
  const Shape& x = problem.tensor.shape;
  return sizeof(Sums) * static_cast<size_t>(x.n() * stretches(x));
}

size_t workspace(const UpdateProblem& problem) {
  return parts_bytes(problem) + sizeof(float) * static_cast<size_t>(problem.tensor.shape.n());
}

void find_factors(const UpdateProblem& problem, const UpdateArguments& args, const Direction& d, float* factors) {
  const auto& p = problem.params_as<GradientAscentParams>();
  const Shape& x = problem.tensor.shape;
  const auto images = static_cast<unsigned>(x.n());
  auto* parts = reinterpret_cast<Sums*>(args.workspace);
  simt::launch({.grid = dim3(static_cast<unsigned>(stretches(x)), images), .block = dim3(element_threads)}, add_up, d,
               p.normalisation, image_elements(x), parts);
  simt::launch({.grid = dim3(images), .block = dim3(element_threads)}, factors_of, parts, p.normalisation, stretches(x),
               static_cast<float>(image_elements(x)), static_cast<float>(p.lr), factors);
}

void run(const UpdateProblem& problem, const UpdateArguments& args) {
  const auto& p = problem.params_as<GradientAscentParams>();
  const Direction d{args.value.f32(), args.gradient.f32(), static_cast<float>(p.weight_decay)};
  float* factors = nullptr;
  if (p.normalisation != StepNormalisation::none) {
    factors = reinterpret_cast<float*>(args.workspace + parts_bytes(problem));
    find_factors(problem, args, d, factors);
  }
  const Clip clip(Interval(p.min, p.max));
  const int64_t count = problem.tensor.elements();
  simt::launch(one_thread_each(count), step, d, args.value.f32(), factors, static_cast<float>(p.lr), clip,
               image_elements(problem.tensor.shape), count);
}

const RegisterUpdateVariant registered("gradient_ascent", {.device = simt::device, .workspace = workspace, .run = run});

}  // namespace
}  // namespace convlens
