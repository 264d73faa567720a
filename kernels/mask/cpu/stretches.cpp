// A stretch of neighbouring pixels at a time, so that their part of the mask is copied side by side once and stays in
// the nearest cache for all channels, in every layout. The mask's gradient sums a stretch's channels in double.

#include <algorithm>

#include "kernels/base/cpu/channel_strips.h"
#include "kernels/base/cpu/parallel.h"
#include "kernels/base/registry.h"
#include "kernels/mask/mask.h"

namespace convlens {
namespace {

constexpr int64_t stretch = 256;  // pixels

// The stretches of all planes of the mask, and where their features lie in memory.
class Stretches {
 public:
  explicit Stretches(const Problem& problem)
      : x(problem.inputs[0]), mask(problem.inputs[1]), pixels(x.h * x.w), per_plane((pixels + stretch - 1) / stretch) {}

  struct Stretch {
    int64_t n, first, count;  // image of the mask, pixels
  };
  int64_t count() const { return mask.n * per_plane; }
  Stretch operator[](int64_t k) const {
    const int64_t first = k % per_plane * stretch;
    return {k / per_plane, first, std::min(stretch, pixels - first)};
  }

  // Calls body(offset) for each block of channels of each image that the stretch of the mask meets.
  template <class Body>
  void for_each_block(const Stretch& s, const Body& body) const {
    for (int64_t n = s.n; n < x.n; n += mask.n)
      for (int64_t b = 0; b < x.blocks; ++b) body(((n * x.blocks + b) * pixels + s.first) * x.block);
  }

  int64_t mask_offset(const Stretch& s, int64_t i) const { return (s.n * pixels + s.first + i) * mask.block; }

  BlockedExtents x, mask;
  int64_t pixels, per_plane;
};

// to[i, c] = weights[i] * from[i, c]
void weigh(const float* weights, int64_t count, int64_t block, const float* from, float* to) {
  if (block == 1) {
#pragma omp simd
    for (int64_t i = 0; i < count; ++i) to[i] = weights[i] * from[i];
    return;
  }
  for (int64_t i = 0; i < count; ++i)
#pragma omp simd
    for (int64_t c = i * block; c < (i + 1) * block; ++c) to[c] = weights[i] * from[c];
}

// sums[i] += sum over c of x[i, c] * grad_y[i, c]
void add_products(const float* x, const float* grad_y, int64_t count, int64_t block, double* sums) {
  if (block == 1) {
#pragma omp simd
    for (int64_t i = 0; i < count; ++i) sums[i] += static_cast<double>(x[i]) * static_cast<double>(grad_y[i]);
    return;
  }
  for (int64_t i = 0; i < count; ++i) {
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t c = i * block; c < (i + 1) * block; ++c)
      sum += static_cast<double>(x[c]) * static_cast<double>(grad_y[c]);
    sums[i] += sum;
  }
}

// to = the mask times from.
void weigh_all(const Problem& problem, const float* mask, const float* from, float* to) {
  const Stretches stretches(problem);
  parallel_for(stretches.count(), [&](int64_t k) {
    const auto s = stretches[k];
    float weights[stretch];
    for (int64_t i = 0; i < s.count; ++i) weights[i] = mask[stretches.mask_offset(s, i)];
    stretches.for_each_block(
        s, [&](int64_t offset) { weigh(weights, s.count, stretches.x.block, from + offset, to + offset); });
  });
}

void backward_mask(const Problem& problem, const Arguments& args) {
  const Stretches stretches(problem);
  const float *x = args.inputs[0].f32(), *grad_y = args.grad_output.f32();
  parallel_for(stretches.count(), [&](int64_t k) {
    const auto s = stretches[k];
    double sums[stretch]{};
    stretches.for_each_block(
        s, [&](int64_t offset) { add_products(x + offset, grad_y + offset, s.count, stretches.x.block, sums); });
    for (int64_t i = 0; i < s.count; ++i)
      args.grad_inputs[1].f32()[stretches.mask_offset(s, i)] = static_cast<float>(sums[i]);
  });
  zero_padding_channels(args.grad_inputs[1]);
}

void forward(const Problem& problem, const Arguments& args) {
  weigh_all(problem, args.inputs[1].f32(), args.inputs[0].f32(), args.output.f32());
}

void backward_data(const Problem& problem, const Arguments& args) {
  if (args.grad_inputs[0]) weigh_all(problem, args.inputs[1].f32(), args.grad_output.f32(), args.grad_inputs[0].f32());
  if (args.grad_inputs[1]) backward_mask(problem, args);
}

Variant variant(Pass pass, RunFunction run) {
  return {.name = "stretches", .device = Device::cpu, .pass = pass, .prepare = stateless(run)};
}

const RegisterVariant registered_forward("mask", variant(Pass::forward, forward));
const RegisterVariant registered_backward_data("mask", variant(Pass::backward_data, backward_data));

}  // namespace
}  // namespace convlens
