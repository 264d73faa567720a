// One pass over memory for what the step is divided by, its sums in double stretch by stretch and then in order, and
// one for the step.

#include <algorithm>
#include <cmath>

#include "kernels/base/cpu/image_sums.h"
#include "kernels/base/interval.h"
#include "kernels/gradient_ascent/gradient_ascent.h"

namespace convlens {
namespace {

struct Sums {
  double sizes = 0, values = 0, squares = 0;  // of |d|, d and d^2
};

size_t workspace(const UpdateProblem& problem) {
  const ImageStretches s(problem.tensor);
  return static_cast<size_t>(s.images * s.count) * sizeof(Sums);
}

// The sums of each stretch of each image.
void add_up(const UpdateProblem& problem, const UpdateArguments& args, Sums* parts) {
  const ImageStretches s(problem.tensor);
  const auto decay = static_cast<float>(problem.params_as<GradientAscentParams>().weight_decay);
  parallel_for(s.images * s.count, [&](int64_t k) {
    const int64_t first = k % s.count * s.length, image = k / s.count * s.elements;
    const float *x = args.value.f32() + image, *g = args.gradient.f32() + image;
    double sizes = 0, values = 0, squares = 0;
#pragma omp simd reduction(+ : sizes, values, squares)
    for (int64_t i = first; i < std::min(first + s.length, s.elements); ++i) {
      const double d = g[i] - decay * x[i];
      sizes += std::abs(d);
      values += d;
      squares += d * d;
    }
    parts[k] = {sizes, values, squares};
  });
}

// Of one image.
double size_of(StepNormalisation normalisation, const Sums* parts, const ImageStretches& s) {
  Sums total;
  for (int64_t k = 0; k < s.count; ++k) {
    total.sizes += parts[k].sizes;
    total.values += parts[k].values;
    total.squares += parts[k].squares;
  }
  const auto elements = static_cast<double>(s.elements);
  if (normalisation == StepNormalisation::mean_abs) return total.sizes / elements;
  if (normalisation == StepNormalisation::l2) return std::sqrt(total.squares);
  const double mean = total.values / elements, variance = total.squares / elements - mean * mean;
  return variance < 0 ? 0 : std::sqrt(variance);
}

void step(const GradientAscentParams& p, float factor, const float* g, float* x, int64_t count) {
  const Interval interval(p.min, p.max);
  const auto decay = static_cast<float>(p.weight_decay), low = static_cast<float>(interval.low),
             high = static_cast<float>(interval.high);
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) {
    const float moved = x[i] + factor * (g[i] - decay * x[i]);
    x[i] = moved < low ? low : moved > high ? high : moved;
  }
}

void run(const UpdateProblem& problem, const UpdateArguments& args) {
  const auto& p = problem.params_as<GradientAscentParams>();
  const ImageStretches s(problem.tensor);
  const bool normalised = p.normalisation != StepNormalisation::none;
  auto* parts = reinterpret_cast<Sums*>(args.workspace);
  if (normalised) add_up(problem, args, parts);
  const auto factor_of = [&](int64_t n) {
    const double size = normalised ? size_of(p.normalisation, parts + n * s.count, s) : 1;
    return static_cast<float>(size == 0 ? 0 : p.lr / size);
  };
  for (int64_t n = 0; n < s.images; ++n) {
    const float factor = factor_of(n);
    parallel_for(s.count, [&](int64_t k) {
      const int64_t first = n * s.elements + k * s.length, count = std::min(s.length, s.elements - k * s.length);
      step(p, factor, args.gradient.f32() + first, args.value.f32() + first, count);
    });
  }
}

const RegisterUpdateVariant registered("gradient_ascent", {.device = Device::cpu, .workspace = workspace, .run = run});

}  // namespace
}  // namespace convlens
