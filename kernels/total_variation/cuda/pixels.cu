// Forward, each block adds up a stretch of one image, and a second launch adds up the blocks' sums: two launches, but
// one pass over memory and always the same order of additions. Backward, a thread a pixel: it forms the three terms
// that it is part of.

#include "kernels/base/cuda/block_sum.h"
#include "kernels/base/cuda/blocks.h"
#include "kernels/base/cuda/layouts.h"
#include "kernels/base/registry.h"
#include "kernels/total_variation/total_variation.h"

namespace convlens {
namespace {

constexpr int per_thread = 8;  // pixels of a thread in the forward pass
constexpr int warps = element_threads / 32;

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

__global__ void __launch_bounds__(element_threads)
    sum_terms(Sizes s, const float* __restrict__ x, float* __restrict__ sums) {
  const float* image = x + blockIdx.y * s.image;
  const int64_t first = int64_t{blockIdx.x} * element_threads * per_thread + threadIdx.x;
  float sum = 0.0F;
  for (int k = 0; k < per_thread; ++k) {
    const int64_t i = first + k * element_threads;
    if (i < s.image)
      sum += term_at(s, image + i, static_cast<int>(i / s.width % s.height), static_cast<int>(i % s.width)).value;
  }
  sum = block_sum<warps>(sum);
  if (threadIdx.x == 0) sums[blockIdx.y * gridDim.x + blockIdx.x] = sum;
}

// A block an image.
__global__ void __launch_bounds__(element_threads)
    sum_blocks(const float* __restrict__ sums, float* __restrict__ y, int count) {
  float sum = 0.0F;
  for (int i = threadIdx.x; i < count; i += element_threads) sum += sums[int64_t{blockIdx.x} * count + i];
  sum = block_sum<warps>(sum);
  if (threadIdx.x == 0) y[blockIdx.x] = sum;
}

__global__ void __launch_bounds__(element_threads)
    backward_data(Sizes s, const float* __restrict__ x, const float* __restrict__ grad_y, float* __restrict__ grad_x,
                  int64_t count) {
  const int64_t i = element_index();
  if (i >= count) return;
  const int w = static_cast<int>(i % s.width), h = static_cast<int>(i / s.width % s.height);
  const Term own = term_at(s, x + i, h, w);
  float sum = -own.by_dx - own.by_dy;
  if (w > 0) sum += term_at(s, x + i - 1, h, w - 1).by_dx;
  if (h > 0) sum += term_at(s, x + i - s.width, h - 1, w).by_dy;
  grad_x[i] = grad_y[i / s.image] * sum;
}

Sizes sizes_of(const Problem& problem) {
  const auto& p = problem.params_as<TotalVariationParams>();
  const Shape& x = problem.inputs[0].shape;
  return {static_cast<int>(x.h()), static_cast<int>(x.w()), x.c() * x.h() * x.w(), p.norm, static_cast<float>(p.beta)};
}

int64_t blocks_of(const Problem& problem) {
  constexpr int64_t stretch = int64_t{element_threads} * per_thread;
  return (sizes_of(problem).image + stretch - 1) / stretch;
}

size_t workspace(const Problem& problem) {
  return sizeof(float) * static_cast<size_t>(blocks_of(problem) * problem.inputs[0].shape.n());
}

void run_forward(const Problem& problem, const Arguments& args) {
  const auto blocks = static_cast<unsigned>(blocks_of(problem)),
             images = static_cast<unsigned>(problem.inputs[0].shape.n());
  auto* sums = reinterpret_cast<float*>(args.workspace);
  simt::launch({.grid = dim3(blocks, images), .block = dim3(element_threads)}, sum_terms, sizes_of(problem),
               args.inputs[0].f32(), sums);
  simt::launch({.grid = dim3(images), .block = dim3(element_threads)}, sum_blocks, sums, args.output.f32(),
               static_cast<int>(blocks));
}

void run_backward_data(const Problem& problem, const Arguments& args) {
  const int64_t count = problem.inputs[0].elements();
  simt::launch(one_thread_each(count), backward_data, sizes_of(problem), args.inputs[0].f32(), args.grad_output.f32(),
               args.grad_inputs[0].f32(), count);
}

const RegisterVariant registered_forward("total_variation", {.name = "pixels",
                                                             .device = simt::device,
                                                             .pass = Pass::forward,
                                                             .layouts = in_nchw,
                                                             .prepare = stateless(run_forward, workspace)});
const RegisterVariant registered_backward_data("total_variation", {.name = "pixels",
                                                                   .device = simt::device,
                                                                   .pass = Pass::backward_data,
                                                                   .layouts = in_nchw,
                                                                   .prepare = stateless(run_backward_data)});

}  // namespace
}  // namespace convlens
