// A block a channel of an image, in one pass (kernels/base/cuda/instance_norm.h).

#include "kernels/base/cuda/instance_norm.h"
#include "kernels/base/cuda/layouts.h"
#include "kernels/base/registry.h"
#include "kernels/instance_statistics/instance_statistics.h"

namespace convlens {
namespace {

struct Sizes {
  explicit Sizes(const Problem& problem)
      : channels(static_cast<int>(problem.inputs[0].shape.c())),
        pixels(static_cast<int>(problem.inputs[0].shape.h() * problem.inputs[0].shape.w())) {
    const auto& p = problem.params_as<InstanceStatisticsParams>();
    const CorrectedStd std(pixels, p.correction, p.eps);
    eps = static_cast<float>(std.eps());
    factor = static_cast<float>(std.factor());
    slope = static_cast<float>(std.slope());
  }
  // Where the mean of this block's channel lies; its standard deviation lies `channels` further.
  __device__ int mean() const { return blockIdx.x / channels * channels + blockIdx.x; }
  __device__ int64_t first_pixel() const { return int64_t{blockIdx.x} * pixels; }

  int channels, pixels;
  float eps, factor, slope;  // of CorrectedStd
};

// `saved` is null where nobody asks for it.
__global__ void __launch_bounds__(element_threads)
    forward(Sizes s, const float* __restrict__ x, float* __restrict__ y, InstanceStatistics* __restrict__ saved) {
  const InstanceStatistics statistics = instance_statistics(x + s.first_pixel(), s.pixels, s.eps);
  if (threadIdx.x > 0) return;
  y[s.mean()] = static_cast<float>(statistics.mean);
  y[s.mean() + s.channels] = 1.0F / (static_cast<float>(statistics.inverse_std) * s.factor);
  if (saved) saved[blockIdx.x] = statistics;
}

__global__ void __launch_bounds__(element_threads)
    backward_data(Sizes s, const float* __restrict__ x, const float* __restrict__ grad_y,
                  const InstanceStatistics* __restrict__ saved, float* __restrict__ grad_x) {
  const float by_mean = grad_y[s.mean()], by_std = grad_y[s.mean() + s.channels];
  instance_statistics_backward(x + s.first_pixel(), s.pixels, saved[blockIdx.x], by_mean / static_cast<float>(s.pixels),
                               by_std * s.slope, grad_x + s.first_pixel());
}

simt::LaunchShape blocks(const Problem& problem) {
  const Shape& x = problem.inputs[0].shape;
  return {.grid = dim3(static_cast<unsigned>(x.n() * x.c())), .block = dim3(element_threads)};
}

void run_forward(const Problem& problem, const Arguments& args) {
  simt::launch(blocks(problem), forward, Sizes(problem), args.inputs[0].f32(), args.output.f32(),
               reinterpret_cast<InstanceStatistics*>(args.saved));
}

void run_backward_data(const Problem& problem, const Arguments& args) {
  simt::launch(blocks(problem), backward_data, Sizes(problem), args.inputs[0].f32(), args.grad_output.f32(),
               reinterpret_cast<const InstanceStatistics*>(args.saved), args.grad_inputs[0].f32());
}

Variant variant(Pass pass, RunFunction run) {
  return {.name = "welford", .device = simt::device, .pass = pass, .layouts = in_nchw, .prepare = stateless(run)};
}

const RegisterVariant registered_forward("instance_statistics", variant(Pass::forward, run_forward));
const RegisterVariant registered_backward_data("instance_statistics", variant(Pass::backward_data, run_backward_data));

}  // namespace
}  // namespace convlens
