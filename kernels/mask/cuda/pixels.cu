// Forward and the features' gradient: a thread a pixel, which reads the mask once for up to four channels. The mask's
// gradient: a warp's 32 pixels are summed by eight warps, each of which has every eighth channel, and then in order, so
// that no atomics are needed.

#include "kernels/base/cuda/blocks.h"
#include "kernels/base/cuda/layouts.h"
#include "kernels/base/registry.h"
#include "kernels/mask/mask.h"

namespace convlens {
namespace {

constexpr int group = 4;         // channels of a thread
constexpr int warp_pixels = 32;  // of a block that sums
constexpr int sum_warps = element_threads / warp_pixels;

struct Sizes {
  explicit Sizes(const Problem& problem)
      : batch(static_cast<int>(problem.inputs[0].shape.n())),
        masks(static_cast<int>(problem.inputs[1].shape.n())),
        channels(static_cast<int>(problem.inputs[0].shape.c())),
        pixels(static_cast<int>(problem.inputs[0].shape.h() * problem.inputs[0].shape.w())) {}

  __device__ int64_t plane(int n, int c) const { return (int64_t{n} * channels + c) * pixels; }

  int batch, masks, channels, pixels;
};

// to = the mask times from; images along y, groups of channels along z.
__global__ void __launch_bounds__(element_threads)
    weigh(Sizes s, const float* __restrict__ mask, const float* __restrict__ from, float* __restrict__ to) {
  const int pixel = static_cast<int>(element_index()), n = blockIdx.y, first = blockIdx.z * group;
  if (pixel >= s.pixels) return;
  const float weight = mask[int64_t{n % s.masks} * s.pixels + pixel];
#pragma unroll
  for (int c = first; c < first + group; ++c)
    if (c < s.channels) to[s.plane(n, c) + pixel] = weight * from[s.plane(n, c) + pixel];
}

// A block has 32 pixels of mask blockIdx.y.
__global__ void __launch_bounds__(element_threads)
    sum_channels(Sizes s, const float* __restrict__ x, const float* __restrict__ grad_y,
                 float* __restrict__ grad_mask) {
  __shared__ float sums[sum_warps][warp_pixels];
  const int lane = threadIdx.x % warp_pixels, warp = threadIdx.x / warp_pixels;
  const int pixel = blockIdx.x * warp_pixels + lane;
  float sum = 0.0F;
  if (pixel < s.pixels)
    for (int n = blockIdx.y; n < s.batch; n += s.masks)
      for (int c = warp; c < s.channels; c += sum_warps)
        sum += x[s.plane(n, c) + pixel] * grad_y[s.plane(n, c) + pixel];
  sums[warp][lane] = sum;
  __syncthreads();
  if (warp > 0 || pixel >= s.pixels) return;
  float total = 0.0F;
#pragma unroll
  for (int w = 0; w < sum_warps; ++w) total += sums[w][lane];
  grad_mask[int64_t{blockIdx.y} * s.pixels + pixel] = total;
}

void run_weigh(const Sizes& s, const float* mask, const float* from, float* to) {
  simt::launch({.grid = dim3(static_cast<unsigned>(ceil_div(s.pixels, element_threads)), static_cast<unsigned>(s.batch),
                             static_cast<unsigned>(ceil_div(s.channels, group))),
                .block = dim3(element_threads)},
               weigh, s, mask, from, to);
}

void run_forward(const Problem& problem, const Arguments& args) {
  run_weigh(Sizes(problem), args.inputs[1].f32(), args.inputs[0].f32(), args.output.f32());
}

void run_backward_data(const Problem& problem, const Arguments& args) {
  const Sizes s(problem);
  if (args.grad_inputs[0]) run_weigh(s, args.inputs[1].f32(), args.grad_output.f32(), args.grad_inputs[0].f32());
  if (args.grad_inputs[1])
    simt::launch({.grid = dim3(static_cast<unsigned>(ceil_div(s.pixels, warp_pixels)), static_cast<unsigned>(s.masks)),
                  .block = dim3(element_threads)},
                 sum_channels, s, args.inputs[0].f32(), args.grad_output.f32(), args.grad_inputs[1].f32());
}

Variant variant(Pass pass, RunFunction run) {
  return {.name = "pixels", .device = simt::device, .pass = pass, .layouts = in_nchw, .prepare = stateless(run)};
}

const RegisterVariant registered_forward("mask", variant(Pass::forward, run_forward));
const RegisterVariant registered_backward_data("mask", variant(Pass::backward_data, run_backward_data));

}  // namespace
}  // namespace convlens
