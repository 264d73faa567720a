// Forward, each block adds up a stretch of one image (image_sums). Backward, a thread a pixel: it forms the three terms
// that it is part of.

#include "kernels/base/cuda/blocks.h"
#include "kernels/base/cuda/image_sums.h"
#include "kernels/base/cuda/layouts.h"
#include "kernels/base/cuda/put.h"
#include "kernels/base/registry.h"
#include "kernels/total_variation/total_variation.h"

namespace convlens {
namespace {

struct Term {
  float value, by_dx, by_dy;
};

struct Sizes {
  int height, width;
  int64_t image;  // elements
  VariationNorm norm;
  float beta;
};

__device__ float sign(float v) { return v > 0.0F ? 1.0F : v < 0.0F ? -1.0F : 0.0F; }

__device__ Term term(const Sizes& s, float dx, float dy) {
  const float squares = dx * dx + dy * dy;
  if (s.norm == VariationNorm::l1) return {fabsf(dx) + fabsf(dy), sign(dx), sign(dy)};
  if (s.norm == VariationNorm::l2) return {squares, 2.0F * dx, 2.0F * dy};
  if (squares == 0.0F) return {0.0F, 0.0F, 0.0F};
  const float factor = s.beta * powf(squares, s.beta / 2.0F - 1.0F);
  return {powf(squares, s.beta / 2.0F), factor * dx, factor * dy};
}

// Of the pixel at (h, w), which `x` points to.
__device__ Term term_at(const Sizes& s, const float* x, int h, int w) {
  const float dx = w + 1 < s.width ? x[1] - x[0] : 0.0F, dy = h + 1 < s.height ? x[s.width] - x[0] : 0.0F;
  return term(s, dx, dy);
}

struct TermOfPixel {
  Sizes s;
  const float* x;
  __device__ float operator()(int64_t n, int64_t i) const {
    const int h = static_cast<int>(i / s.width % s.height), w = static_cast<int>(i % s.width);
    return term_at(s, x + n * s.image + i, h, w).value;
  }
};

__global__ void __launch_bounds__(element_threads)
    backward_data(Sizes s, const float* __restrict__ x, const float* __restrict__ grad_y, float* __restrict__ grad_x,
                  int64_t count, bool accumulate) {
  const int64_t i = element_index();
  if (i >= count) return;
  const int w = static_cast<int>(i % s.width), h = static_cast<int>(i / s.width % s.height);
  const Term own = term_at(s, x + i, h, w);
  float sum = -own.by_dx - own.by_dy;
  if (w > 0) sum += term_at(s, x + i - 1, h, w - 1).by_dx;
  if (h > 0) sum += term_at(s, x + i - s.width, h - 1, w).by_dy;
  put(grad_x + i, grad_y[i / s.image] * sum, accumulate);
}

Sizes sizes_of(const Problem& problem) {
  const auto& p = problem.params_as<TotalVariationParams>();
  const Shape& x = problem.inputs[0].shape;
  return {static_cast<int>(x.h()), static_cast<int>(x.w()), x.c() * x.h() * x.w(), p.norm, static_cast<float>(p.beta)};
}

void run_forward(const Problem& problem, const Arguments& args) {
  image_sums(problem.inputs[0].shape, TermOfPixel{sizes_of(problem), args.inputs[0].f32()}, 1.0F, args.workspace,
             args.output.f32());
}

void run_backward_data(const Problem& problem, const Arguments& args) {
  const int64_t count = problem.inputs[0].elements();
  simt::launch(one_thread_each(count), backward_data, sizes_of(problem), args.inputs[0].f32(), args.grad_output.f32(),
               args.grad_inputs[0].f32(), count, args.accumulate);
}

const RegisterVariant registered_forward("total_variation",
                                         {.name = "pixels",
                                          .device = simt::device,
                                          .pass = Pass::forward,
                                          .layouts = in_nchw,
                                          .prepare = stateless(run_forward, stretch_sums_workspace)});
const RegisterVariant registered_backward_data("total_variation", {.name = "pixels",
                                                                   .device = simt::device,
                                                                   .pass = Pass::backward_data,
                                                                   .accumulates = true,
                                                                   .layouts = in_nchw,
                                                                   .prepare = stateless(run_backward_data)});

}  // namespace
}  // namespace convlens
